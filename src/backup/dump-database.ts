import path from 'node:path';
import { encryptedTo } from '../age/age-inputs.ts';
import type { TableSizes } from '../archive/copy-progress.ts';
import { logReadBack } from '../archive/verify-archive.ts';
import { cancelledOr } from '../errors.ts';
import { withNeededLocks } from '../postgres/needed-locks.ts';
import type { Database, Relation, ServerFacts } from '../postgres/preflight.ts';
import { openSnapshot } from '../postgres/snapshot.ts';
import type { Consumer } from '../process/fan-out.ts';
import { bytes, duration } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import type { RecordedExtension, RecordedGeneratedValues } from '../storage/record.ts';
import type { BackupInputs } from './backup-inputs.ts';
import { recordedGeneratedValues, sumGeneratedValues } from './generated-values.ts';
import { dumpArguments } from './dump/dump-arguments.ts';
import { type DumpedBackup, dumpInOnePass } from './dump/one-pass.ts';
import { checkParallelDump } from './parallel-dump/check-parallel-dump.ts';
import { emptyHandedError } from './dump/empty-handed.ts';
import {
  type Selection,
  isOpaque,
  leavesOutRows,
  partitionsError,
  selection,
  unreadableError,
} from './dump/selection.ts';
import {
  catalogueBeforeDump,
  findNotIncluded,
  warnOfContent,
  warnOfNotIncluded,
} from './not-included/find-not-included.ts';
import type { NotIncluded } from './not-included/not-included.ts';

/** A dump that is good, and what is not in it. */
export interface DumpedDatabase extends DumpedBackup {
  readonly notIncluded: readonly NotIncluded[];
  readonly dumpMs: number;
  readonly generatedValues: readonly RecordedGeneratedValues[];
  readonly extensions: readonly RecordedExtension[];
}

const UNENCRYPTED_MEANWHILE =
  'With jobs, the dump is on the disk of the runner without encryption until it is stored: in a folder that only its user can read, and that the job removes';

/** The inputs of a dump. */
export type DumpInputs = Pick<
  BackupInputs,
  'allowPooler' | 'compression' | 'connectionAttempts' | 'dumpArguments' | 'encryption' | 'filters' | 'jobs'
>;

/** Where a dump may write on the runner's disk. */
export interface DumpFiles {
  /** See `OnePassRequest`. */
  readonly spool: string | undefined;
  /** Only this user can read it. */
  readonly workFolder: string;
}

/**
 * Dumps, reads back and stores, all at once; finds out what is not in the dump, and warns of it.
 */
export async function dumpDatabase(
  inputs: DumpInputs,
  database: Database,
  sinks: readonly Consumer[],
  { spool, workFolder: folder }: DumpFiles,
): Promise<DumpedDatabase> {
  const { server, connection, session } = database;
  const { compression, encryption, filters, dumpArguments: extra } = inputs;
  const selected = selection(filters, server.relations);
  checkSelection(inputs, server, selected, session.tools.major);
  const chosen = server.relations.filter(selected.includesData);
  const locks = server.relations.filter(selected.includes).length;
  const planned = { inputs, database, chosen, locks, folder, keepsArchive: spool !== undefined };
  const { hasRoomForSnapshot } = await checkParallelDump(planned);
  logBeginning(server, inputs);
  const started = performance.now();
  await using snapshot = await openSnapshot(session, {
    hasSession: hasRoomForSnapshot && !(connection.mayBePooled && inputs.allowPooler),
    dumpArguments: extra,
  });
  const facts = await catalogueBeforeDump(snapshot, server, session.signal);
  const summing = sumGeneratedValues(snapshot, facts, chosen);
  const dumped = await dumpInOnePass({
    session,
    snapshot,
    args: dumpArguments({ compression: compression.spec, filters, extra, toolsMajor: session.tools.major }),
    sizes: tableSizes(chosen),
    attempts: inputs.connectionAttempts,
    encryption,
    sinks,
    spool,
    parallel: inputs.jobs > 1 ? { jobs: inputs.jobs, folder: path.join(folder, 'dump') } : undefined,
  }).catch(async (error: unknown) => {
    const told = await withNeededLocks(error, session, locks);
    throw cancelledOr(session.signal, () => connection.failure() ?? told);
  });
  const dumpMs = performance.now() - started;
  log.info(`Dumped ${bytes(dumped.archive.size)} in ${duration(dumpMs)}`);
  logReadBack(dumped.archive);
  if (encryption) log.info(`Encrypted to ${encryptedTo(encryption)} and verified that it decrypts`);
  const emptyHanded = emptyHandedError({
    ...{
      tables: filters.tables,
      relations: server.relations,
      selected,
      entries: dumped.archive.contents.entries,
    },
    rowsMayBeMissing: server.inRecovery || extra.some(leavesOutRows) || isOpaque(extra),
  });
  if (emptyHanded) throw emptyHanded;
  const sameSnapshot = snapshot.id !== undefined;
  const finished = { inputs, server, selected, chosen, facts, sameSnapshot, dumped };
  const notIncluded = findNotIncluded(finished);
  warnOfNotIncluded(notIncluded);
  warnOfContent(finished);
  const sums = await summing;
  // A dump that was run again without the snapshot is of another state of the database.
  const known = snapshot.id === undefined ? [] : sums;
  const generatedValues = recordedGeneratedValues(known, dumped.archive.manifest);
  return { ...dumped, dumpMs, notIncluded, generatedValues, extensions: facts?.extensions ?? [] };
}

function logBeginning({ database }: ServerFacts, { compression, encryption, jobs }: DumpInputs): void {
  const connections = jobs > 1 ? `, ${jobs} connections` : '';
  log.info(`Dumping ${database} (${compression.name}${connections})`);
  if (jobs > 1 && encryption) log.info(UNENCRYPTED_MEANWHILE);
}

/** Of those whose rows are dumped. */
function tableSizes(chosen: readonly Relation[]): TableSizes {
  const tables = chosen.filter(({ kind }) => kind === 'table');
  return new Map(tables.map(({ schema, name, bytes: size }) => [`${schema}.${name}`, size]));
}

/** Warns of an exclusion that matches nothing, and fails if the role cannot read everything that is selected. */
function checkSelection(
  inputs: DumpInputs,
  server: ServerFacts,
  selected: Selection,
  toolsMajor: number,
): void {
  for (const [input, pattern] of selected.unmatchedExclusions) {
    const rest = 'matches nothing in the database, so nothing is left out.';
    log.contentWarning(`${input}: the pattern ${pattern} ${rest}`, `${input}: a pattern ${rest}`);
  }
  const partitions = partitionsError(selected, server.relations, toolsMajor);
  if (partitions) throw partitions;
  const unreadable = unreadableError(server.user, selected, server.relations);
  if (unreadable && !isOpaque(inputs.dumpArguments)) throw unreadable;
  if (unreadable) log.warning(log.reason(unreadable));
}
