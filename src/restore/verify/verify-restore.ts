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
import { RowSums } from './row-sums.ts';

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
  const found = await dumpAgain(request, request.everything ? { ...selection, names: undefined } : selection);
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
 * What to dump: exactly the expected tables and sequences, or everything when the tools cannot be given their names.
 *
 * Where the archive contains rows of partitioned tables themselves, and none of a partition, it was made with
 * `--load-via-partition-root`. (pg_dump does the same by itself for tables that are partitioned by the hash of an
 * enumeration, and does it again now.)
 */
function selectionOf(
  { expected, session: { tools }, encoding }: VerificationRequest,
  { names, roots, hasPartitions }: CatalogFacts,
): DumpSelection {
  const throughRoot = roots.length > 0 && !hasPartitions;
  const largeObjects = expected.largeObjects.count > 0;
  const all = [...names, ...roots];
  const byName =
    all.length > 0 && canSelect(tools.major, all, encoding) && (roots.length === 0 || tools.major >= 16);
  return { names: byName ? names : undefined, roots, throughRoot, largeObjects };
}

async function dumpAgain(request: VerificationRequest, selection: DumpSelection): Promise<Contents> {
  const collector = new ContentsCollector();
  const total = request.expected.tables.reduce((sum, { bytes }) => sum + bytes, 0);
  let progress: ScriptProgress | undefined;
  const ticker = logProgress((elapsedMs) =>
    progress?.table === undefined
      ? undefined
      : progressLine({
          ...{ reached: progress.bytes, total, elapsedMs },
          name: log.withholdsContent ? undefined : progress.table,
        }),
  );
  try {
    await dumpForVerification(request, selection, onlyOurObjects(request, collector), (latest) => {
      progress = latest;
    });
    return collector.finish();
  } finally {
    ticker.stop();
  }
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
  const [expected, found] = [new RowSums(doubtful), new RowSums(doubtful)];
  await readArchive(request, request.archive, expected);
  const names = new Set(doubtful.map(({ schema, table }) => nameKey(schema, table)));
  const isDoubtful = (parts: readonly string[]): boolean => names.has(nameKey(...parts));
  const selection = selectionOf(request, {
    ...facts,
    names: facts.names.filter(isDoubtful),
    roots: facts.roots.filter(isDoubtful),
  });
  await dumpForVerification(request, { ...selection, largeObjects: false }, found);
  return doubtful.filter((table) => expected.of(table)?.sum !== found.of(table)?.sum);
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
