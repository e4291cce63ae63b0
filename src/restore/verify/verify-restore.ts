import { log } from '../../runner/log.ts';
import { endedBySignal } from '../../process/run.ts';
import { printArchive } from '../../archive/archive-script.ts';
import { progressLine } from '../../archive/copy-progress.ts';
import { type Contents, ContentsCollector, type TableEntry } from '../../archive/content/manifest.ts';
import { logProgress } from '../../runner/progress-log.ts';
import {
  type ScriptListener,
  type ScriptProgress,
  ScriptReader,
} from '../../archive/content/script-reader.ts';
import { compareContents, differencesError, otherRows } from './compare-contents.ts';
import { nameKey } from '../../archive/names.ts';
import { canSelect } from './dump-filter.ts';
import { type DumpSelection, dumpForVerification } from './verification-dump.ts';
import { type CatalogFacts, catalogFacts } from './verification-facts.ts';
import type { Verification, VerificationRequest } from './verification-request.ts';
import { restoreFailure } from '../apply/restore-failure.ts';
import { groupsOf, withinLocks } from './lock-budget.ts';
import { RowSums } from './row-sums.ts';
import { sequenceValues } from './sequence-values.ts';

/**
 * Dumps the restored objects again, and compares them with the archive: the same tables, rows and SHA-256 per
 * table, the same sequences and large objects. Rows in another order are compared a second time: a table
 * has no order, and `pg_restore` does not keep it where rows are loaded through a partitioned table.
 *
 * @throws UserError that names what differs, or says why nothing can be verified; the signal's reason when it was aborted.
 */
export async function verifyRestore(request: VerificationRequest): Promise<Verification> {
  const { expected } = request;
  const facts = await catalogFacts(request);
  const selection = selectionOf(request, facts);
  const found = await dumpAgain(request, facts, selection);
  const { differences, doubtful } = compareContents(expected, found, request.everything);
  const others = differences.length === 0 ? await withOtherRows(request, facts, doubtful) : doubtful;
  const all = [...differences, ...others.map(otherRows)];
  if (all.length > 0) throw differencesError(all);
  return {
    tables: expected.tables.length,
    rows: expected.tables.reduce((sum, { rows }) => sum + rows, 0),
    sequences: expected.sequences.length,
    largeObjects: expected.largeObjects.count,
  };
}

/**
 * What to dump: exactly the expected tables; or everything but what is an extension's own, where all of it is expected or
 * the tools cannot be given the names.
 *
 * Where the archive contains rows of partitioned tables themselves, and none of a partition, it was made with
 * `--load-via-partition-root`. (pg_dump does the same by itself for tables that are partitioned by the hash of an
 * enumeration, and does it again now.)
 */
function selectionOf(
  { expected, everything, session: { tools }, encoding }: VerificationRequest,
  { names, roots, hasPartitions, ofExtensions }: CatalogFacts,
): DumpSelection {
  const isNameable = (all: readonly (readonly string[])[]): boolean => canSelect(tools.major, all, encoding);
  const all = [...names, ...roots];
  const largeObjects = expected.largeObjects.count > 0;
  const byName =
    !everything &&
    (all.length > 0 || !largeObjects) &&
    isNameable(all) &&
    (roots.length === 0 || tools.major >= 16);
  return {
    names: byName ? names : undefined,
    roots,
    excluded: isNameable(ofExtensions) ? ofExtensions : [],
    throughRoot: roots.length > 0 && !hasPartitions,
    largeObjects,
  };
}

async function dumpAgain(
  request: VerificationRequest,
  facts: CatalogFacts,
  selection: DumpSelection,
): Promise<Contents> {
  const { session, expected, encoding } = request;
  const total = expected.tables.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  let progress: ScriptProgress | undefined;
  const ticker = logProgress((elapsedMs) =>
    progress?.table === undefined
      ? undefined
      : progressLine({
          ...{ reached: before + progress.bytes, total, elapsedMs },
          name: log.withholdsContent ? undefined : progress.table,
        }),
  );
  const dump = async (selections: readonly DumpSelection[]): Promise<Contents> => {
    const collector = new ContentsCollector();
    before = 0;
    for (const one of selections) {
      await dumpForVerification(request, one, onlyOurObjects(request, collector), (latest) => {
        progress = latest;
      });
      before += progress?.bytes ?? 0;
    }
    const contents = collector.finish();
    if (selection.names === undefined && selections.length === 1) return contents;
    const sequences = await sequenceValues(request, facts.sequences);
    return { ...contents, sequences };
  };
  try {
    return await withinLocks(
      session,
      () => dump(isNothing(selection) ? [] : [selection]),
      (atOnce) => {
        const groups = groupsOf(selection.names ?? facts.tables, atOnce);
        const isNameable = groups.every((names) => canSelect(session.tools.major, names, encoding));
        return dump(isNameable ? portionsOf(selection, groups) : [selection]);
      },
    );
  } finally {
    ticker.stop();
  }
}

/** Whether there are no rows to be dumped: then `pg_dump` would have no names to be given, and dump everything. */
function isNothing({ names, roots, largeObjects }: DumpSelection): boolean {
  return names?.length === 0 && roots.length === 0 && !largeObjects;
}

/** Partitioned tables, whose rows are all theirs, and large objects go with the first. */
function portionsOf(
  selection: DumpSelection,
  groups: readonly (readonly (readonly string[])[])[],
): DumpSelection[] {
  return groups.map((names, at) =>
    at === 0 ? { ...selection, names } : { ...selection, names, roots: [], largeObjects: false },
  );
}

/** Passes on the large objects that were restored, and not those that were in the database before. */
function onlyOurObjects(
  { everything, expected, largeObjectIds }: VerificationRequest,
  listener: ScriptListener,
): ScriptListener {
  const isOurs = (id: string): boolean =>
    everything || (expected.largeObjects.count > 0 && largeObjectIds?.has(id) !== false);
  let ours = true;
  return {
    onRows: (target, rows) => {
      listener.onRows(target, rows);
    },
    onStatement: (statement) => {
      if (statement.kind === 'large object') ours = isOurs(statement.id);
      if (ours || !statement.kind.startsWith('large object')) listener.onStatement(statement);
    },
  };
}

/** Of tables whose rows may only be in another order: those whose rows do differ from the archive. */
async function withOtherRows(
  request: VerificationRequest,
  facts: CatalogFacts,
  doubtful: readonly TableEntry[],
): Promise<readonly TableEntry[]> {
  if (doubtful.length === 0 || request.archive === undefined) return doubtful;
  log.content(
    `Comparing the rows of ${doubtful.map(({ name }) => name).join(', ')} again, regardless of their order`,
  );
  const expected = new RowSums(doubtful);
  await readArchive(request, request.archive, expected);
  const found = await sumsOf(request, facts, doubtful);
  return doubtful.filter((table) => expected.of(table)?.sum !== found.of(table)?.sum);
}

/** The sums of rows in the target. */
async function sumsOf(
  request: VerificationRequest,
  facts: CatalogFacts,
  tables: readonly TableEntry[],
): Promise<RowSums> {
  const keys = new Set(tables.map(({ schema, table }) => nameKey(schema, table)));
  const isOne = (parts: readonly string[]): boolean => keys.has(nameKey(...parts));
  const names = facts.names.filter(isOne);
  const some = { ...facts, names, roots: facts.roots.filter(isOne) };
  const selection = { ...selectionOf({ ...request, everything: false }, some), largeObjects: false };
  const dump = async (selections: readonly DumpSelection[]): Promise<RowSums> => {
    const sums = new RowSums(tables);
    for (const one of selections) await dumpForVerification(request, one, sums);
    return sums;
  };
  return withinLocks(
    request.session,
    () => dump([selection]),
    (atOnce) => dump(portionsOf(selection, groupsOf(names, atOnce))),
  );
}

async function readArchive(
  { session, workFolder }: VerificationRequest,
  { file, dumpIds }: NonNullable<VerificationRequest['archive']>,
  listener: ScriptListener,
): Promise<void> {
  const reader = new ScriptReader(listener);
  const { exitCode, endedBy, stderr } = await printArchive({
    archive: file,
    dumpIds,
    pgRestore: session.tools.pgRestore,
    // It connects to nothing.
    environment: session.tools.environment,
    workFolder,
    signal: session.signal,
    onStdout: (chunk) => {
      reader.write(chunk);
    },
  });
  const impact = 'The restored database could not be verified.';
  if (endedBy !== null) throw endedBySignal('pg_restore', endedBy, impact);
  if (exitCode !== 0) throw restoreFailure('pg_restore', stderr, impact);
  reader.end();
}
