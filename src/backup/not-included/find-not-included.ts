import { encodingOf } from '../../archive/toc/archive-facts.ts';
import { nameKey } from '../../archive/names.ts';
import type { Relation, ServerFacts } from '../../postgres/preflight.ts';
import type { Snapshot } from '../../postgres/snapshot.ts';
import { someOf } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import { plainLine } from '../../runner/plain-text.ts';
import type { BackupInputs } from '../backup-inputs.ts';
import type { DumpedBackup } from '../dump/one-pass.ts';
import type { Selection } from '../dump/selection.ts';
import { type CatalogueFacts, askCatalogue } from './catalogue-facts.ts';
import { leftOutOfCatalogue } from './from-catalogue.ts';
import { leftOutByInputs } from './from-inputs.ts';
import { ALWAYS, type NotIncluded } from './not-included.ts';
import { passwordsIn } from './passwords.ts';

/** A finished dump, and what was known before it. */
export interface FinishedDump {
  readonly inputs: Pick<BackupInputs, 'filters' | 'dumpArguments' | 'encryption'>;
  readonly server: ServerFacts;
  readonly selected: Selection;
  /** Those whose rows were to be dumped. */
  readonly chosen: readonly Relation[];
  /** Undefined where the catalogue could not be asked. */
  readonly facts: CatalogueFacts | undefined;
  readonly sameSnapshot: boolean;
  readonly dumped: DumpedBackup;
}

/**
 * Asks the catalogue what may not come with a dump.
 *
 * @returns undefined when it cannot be asked: a backup is made all the same, and says so.
 * @throws the signal's reason.
 */
export async function catalogueBeforeDump(
  snapshot: Snapshot,
  { major }: ServerFacts,
  signal: AbortSignal,
): Promise<CatalogueFacts | undefined> {
  try {
    return await askCatalogue(snapshot, major);
  } catch (error) {
    signal.throwIfAborted();
    log.debug(`The catalogue could not be asked: ${log.reason(error)}`);
    return undefined;
  }
}

/** What is not in the backup; {@link ALWAYS} first. */
export function findNotIncluded(finished: FinishedDump): NotIncluded[] {
  const { inputs, server, chosen, facts, sameSnapshot, dumped } = finished;
  const { filters, dumpArguments } = inputs;
  const { contents, manifest } = dumped.archive;
  const items = [
    ...leftOutByInputs(filters, dumpArguments),
    ...partsOfTables(finished),
    ...hiddenRows(finished),
  ];
  if (facts) {
    items.push(
      ...leftOutOfCatalogue({
        ...{ facts, contents, manifest, filters, dumpArguments, sameSnapshot },
        inRecovery: server.inRecovery,
        selected: new Set(chosen.map(({ schema, name }) => nameKey(schema, name))),
      }),
    );
  } else {
    items.push({
      what: 'what pg_dump leaves out unasked',
      names: [],
      why: 'the catalogue could not be read, so it is not known whether there is anything',
      level: 'warning',
    });
  }
  const isSaid = items.some(({ what }) => what === 'subscriptions');
  const warnings = dumped.warnings.filter((line) => !(isSaid && /subscriptions not dumped/.test(line)));
  if (warnings.length > 0) {
    items.push({ what: 'what pg_dump warns of', names: warnings, why: 'pg_dump', level: 'warning' });
  }
  return [ALWAYS, ...items];
}

/** What an exclusion leaves out beside what it names. */
function partsOfTables({ selected, server: { relations } }: FinishedDump): NotIncluded[] {
  const named = (of: readonly Relation[]): string[] => of.map(({ schema, name }) => `${schema}.${name}`);
  const parts = relations.filter(selected.isThroughParent);
  const items: readonly NotIncluded[] = [
    {
      what: 'partitions, and what inherits',
      names: named(parts.filter((relation) => !selected.includes(relation))),
      why: 'exclude-tables names their table',
      level: 'info',
    },
    {
      what: 'rows of partitions, and of what inherits',
      names: named(
        parts.filter((relation) => selected.includes(relation) && !selected.includesData(relation)),
      ),
      why: 'exclude-table-data names their table',
      level: 'info',
    },
  ];
  return items.filter(({ names }) => names.length > 0);
}

/** Rows that policies hide: a dump fails over them, unless it is told to leave them out. */
function hiddenRows({ inputs, chosen }: FinishedDump): NotIncluded[] {
  if (!inputs.dumpArguments.includes('--enable-row-security')) return [];
  const names = chosen
    .filter(({ unreadable }) => unreadable === 'row-level security')
    .map(({ schema, name }) => `${schema}.${name}`);
  if (names.length === 0) return [];
  const why = 'their policies hide them from the user (--enable-row-security)';
  return [{ what: 'some rows of tables', names, why, level: 'warning' }];
}

/** Logs a warning for everything that somebody would miss. */
export function warnOfNotIncluded(items: readonly NotIncluded[]): void {
  for (const { level, what, names, why, hint } of items) {
    if (level !== 'warning') continue;
    const end = hint === undefined ? '' : `. ${hint}`;
    const named = names.length === 0 ? '' : `: ${someOf(names.map(plainLine))}`;
    log.contentWarning(`Not in this backup: ${what}${named} (${why})${end}`, `Not in this backup: ${what}.`);
  }
}

/** Warns of what is in the backup and should not be where others can read it, and of text that cannot be read everywhere. */
export function warnOfContent({ inputs, dumped }: FinishedDump): void {
  const { contents, manifest } = dumped.archive;
  const names = inputs.encryption ? [] : passwordsIn(contents.entries);
  if (names.length > 0) {
    const rest =
      'Whoever can read the backup can read them. Encrypt it (age-recipients), or take them out of the database.';
    log.contentWarning(
      `The backup is not encrypted and contains what seems to be passwords: ${someOf(names.map(plainLine))}. ${rest}`,
      `The backup is not encrypted and contains what seems to be passwords. ${rest}`,
    );
  }
  const tables = manifest.tables.filter(({ text }) => text === 'other').map(({ name }) => name);
  if (encodingOf(contents) === 'SQL_ASCII' && tables.length > 0) {
    const rest =
      'The database has the encoding SQL_ASCII, which checks nothing. A restore of these rows into a database in UTF8 is refused, because they could not be read there.';
    log.contentWarning(
      `Rows of ${someOf(tables.map(plainLine))} contain bytes that are not valid UTF-8. ${rest}`,
      `Some rows contain bytes that are not valid UTF-8. ${rest}`,
    );
  }
}
