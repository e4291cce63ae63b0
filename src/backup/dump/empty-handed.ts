import { nameKey } from '../../archive/names.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import { RELATION_KINDS } from '../../archive/toc/identity.ts';
import { UserError } from '../../errors.ts';
import { matchesRelation, readPattern } from '../../postgres/name-pattern.ts';
import type { Relation } from '../../postgres/preflight.ts';
import { someOf } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import type { Selection } from './selection.ts';

/** What a dump was to contain, and what it contains. */
export interface SelectedDump {
  /** The patterns of `tables`. */
  readonly tables: readonly string[];
  readonly relations: readonly Relation[];
  readonly selected: Pick<Selection, 'includesData'>;
  readonly entries: readonly TocEntry[];
  /** Whether rows can be missing for a reason that is known: a standby, or an option. */
  readonly rowsMayBeMissing: boolean;
}

/**
 * An error if a table that `tables` names has come empty-handed: no definition, or no rows of any table that it stands for.
 * An empty table has rows all the same: none.
 */
export function emptyHandedError(dump: SelectedDump): UserError | undefined {
  const dumped = new Set(
    dump.entries.flatMap(({ kind, schema, tag }) => (kind === 'TABLE DATA' ? [nameKey(schema, tag)] : [])),
  );
  const empty = dump.tables.filter((text) => {
    const pattern = readPattern(text);
    if (!pattern) return false;
    const isDefined = dump.entries.some(
      ({ kind, schema, tag }) =>
        (RELATION_KINDS.has(kind) || kind === 'TABLE DATA') &&
        matchesRelation(pattern, { schema, name: tag, visible: true }),
    );
    if (!isDefined) return true;
    const expected = dump.relations.filter(
      (relation) =>
        relation.kind === 'table' &&
        matchesRelation(pattern, relation) &&
        dump.selected.includesData(relation),
    );
    return (
      !dump.rowsMayBeMissing &&
      expected.length > 0 &&
      !expected.some(({ schema, name }) => dumped.has(nameKey(schema, name)))
    );
  });
  if (empty.length === 0) return undefined;
  const told = 'what it names is not in the archive that pg_dump has written';
  return new UserError(
    'dump-failed',
    `tables: ${someOf(empty.map(plainLine))}: ${told}.`,
    'A table that belongs to an extension is not dumped (ALTER EXTENSION … DROP TABLE takes it out). Remove the line from tables, or see what the table is: \\d+ in psql.',
    { silent: { message: `tables: for one of its lines, ${told}.` } },
  );
}
