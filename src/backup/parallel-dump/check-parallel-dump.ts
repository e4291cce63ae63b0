import { statfs } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../errors.ts';
import { lockNotice } from '../../postgres/needed-locks.ts';
import { PsqlError } from '../../postgres/psql.ts';
import type { Database, Relation, ServerFacts } from '../../postgres/preflight.ts';
import { log } from '../../runner/log.ts';
import { plainLine } from '../../runner/plain-text.ts';
import type { BackupInputs } from '../backup-inputs.ts';
import { isOpaque, leavesOutRows } from '../dump/selection.ts';
import { type ConnectionRoom, connectionRoom } from './connection-room.ts';
import { diskRoom } from './disk-room.ts';
import { type ParallelFacts, askParallelFacts } from './parallel-facts.ts';

/** A dump that is to begin. */
export interface PlannedDump {
  readonly inputs: Pick<BackupInputs, 'compression' | 'dumpArguments' | 'filters' | 'jobs'>;
  readonly database: Database;
  /** Those whose rows are to be dumped. */
  readonly chosen: readonly Relation[];
  /** How many locks it takes, about: one for each relation. */
  readonly locks: number;
  /** Where its files are written. */
  readonly folder: string;
  /** See `DumpOnDisk`. */
  readonly keepsArchive: boolean;
}

/** How long the server may count the session of the preflight, which has just been closed. */
const SESSION_ENDS_MS = 500;

/**
 * Checks before a parallel dump what would make it fail in the middle, and says what it cannot make faster. With one connection,
 * there is nothing to check.
 *
 * @returns whether the user can have one more connection, for the session of this action that keeps the snapshot.
 * @throws UserError with what to do; the signal's reason.
 */
export async function checkParallelDump(
  dump: PlannedDump,
): Promise<{ readonly hasRoomForSnapshot: boolean }> {
  const { inputs, database } = dump;
  if (inputs.jobs === 1) return { hasRoomForSnapshot: true };
  const { server, connection, session } = database;
  const standby = standbyError(inputs.jobs, server);
  if (standby) throw standby;
  const facts = await factsOf(database);
  let room = roomFor(inputs.jobs, facts, connection);
  if (room.error) {
    await pause(SESSION_ENDS_MS, undefined, { signal: session.signal });
    room = roomFor(inputs.jobs, await factsOf(database), connection);
  }
  if (room.error) throw room.error;
  const notice = facts.lockTable && lockNotice(dump.locks, facts.lockTable);
  if (notice !== undefined && !log.withholdsContent) log.notice(notice);
  // What these dump, only pg_dump knows.
  const isKnown = !isOpaque(inputs.dumpArguments) && !inputs.dumpArguments.some(leavesOutRows);
  if (isKnown) await checkData(dump, facts.largeObjectBytes);
  return { hasRoomForSnapshot: room.hasRoomForSnapshot };
}

function roomFor(jobs: number, { limits }: ParallelFacts, { limit }: Database['connection']): ConnectionRoom {
  return connectionRoom(jobs, [...limits, ...(limit ? [limit] : [])]);
}

/** Before version 10, a standby exports no snapshot, which all connections of the dump need. */
export function standbyError(
  jobs: number,
  { inRecovery, major, version }: Pick<ServerFacts, 'inRecovery' | 'major' | 'version'>,
): UserError | undefined {
  if (!inRecovery || major >= 10) return undefined;
  return new UserError(
    'connection',
    `jobs: ${jobs} needs a snapshot of the server, and a standby exports none before PostgreSQL 10; it is ${plainLine(version)}.`,
    'Back up the primary, or set "jobs: 1".',
  );
}

/** A backup can be made without: then a dump that does not fit fails later. */
async function factsOf({ session }: Database): Promise<ParallelFacts> {
  try {
    return await askParallelFacts(session);
  } catch (error) {
    if (!(error instanceof PsqlError)) throw error;
    log.debug(`The limits of the server could not be asked for: ${log.reason(error)}`);
    return { limits: [], largeObjectBytes: 0, lockTable: undefined };
  }
}

async function checkData(
  { inputs, chosen, folder, keepsArchive }: PlannedDump,
  largeObjectBytes: number,
): Promise<void> {
  const { compression, filters, jobs } = inputs;
  const largest = chosen.toSorted((one, other) => other.bytes - one.bytes)[0];
  const isSelection = filters.schemas.length > 0 || filters.tables.length > 0;
  const dataBytes = chosen.reduce((sum, table) => sum + table.bytes, isSelection ? 0 : largeObjectBytes);
  const { bavail, bsize } = await statfs(folder);
  const room = diskRoom({
    ...{ jobs, method: compression.method, dataBytes, keepsArchive },
    largestBytes: largest?.bytes ?? 0,
    freeBytes: bavail * bsize,
  });
  if (room instanceof UserError) throw room;
  if (room) log.notice(room.notice);
  const notice = largest && largeTableNotice(jobs, largest, dataBytes);
  if (notice !== undefined && !log.withholdsContent) log.notice(notice);
}

/** Smaller ones take no time that matters. */
const LARGE_TABLE_BYTES = 100_000_000;

/** A table that is most of the dump sets its duration; undefined where there is none. */
export function largeTableNotice(
  jobs: number,
  { schema, name, bytes }: Pick<Relation, 'schema' | 'name' | 'bytes'>,
  dataBytes: number,
): string | undefined {
  if (bytes < LARGE_TABLE_BYTES || bytes * 2 <= dataBytes) return undefined;
  const percent = Math.floor((100 * bytes) / dataBytes);
  return `jobs: ${jobs} does not divide the table ${schema}.${name}, which has ${percent} % of the data to dump: pg_dump reads each table over one connection.`;
}
