import { readTableOfContents } from '../../archive/toc/table-of-contents.ts';
import { makeScratchDatabase, requireRightToCreate } from './scratch-database.ts';
import type { ReadBack } from '../../archive/read-back.ts';
import { FULL_RESTORE, makePlan, verifyTarget, restoreInto, logPlan } from '../../restore/engine.ts';
import type { ClientTools } from '../../tools/client-tools.ts';
import { type Connection, type ConnectionPlan, openConnection } from '../../postgres/connection.ts';
import { type Database, refuseNewerServer, runPreflight } from '../../postgres/preflight.ts';
import { UserError, cancelledOr } from '../../errors.ts';
import { recordScratchDatabase } from '../../runner/job-state.ts';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import type { WorkFolder } from '../../runner/work-folder.ts';

/** The input that says where to runTestRestore. */
export const TEST_SERVER_INPUT = 'verify-connection-string';

/** The TLS inputs are about the server that is backed up. */
const NO_TLS = { rootCertificate: undefined, certificate: undefined, key: undefined };

/** What was shown by a rehearsal. */
export interface Rehearsal {
  /** Of the server on which the backup was restored. */
  readonly serverVersion: string;
  readonly address: string;
}

/** The backup that is restored for a rehearsal. */
export interface RehearsalRequest {
  readonly archive: string;
  readonly proof: ReadBack;
  /** The encoding of the database that was backed up, as the server names it. */
  readonly encoding: string;
  readonly workFolder: WorkFolder;
}

/** Opens the way to the rehearsal's server. */
export function openTestServer(
  plan: ConnectionPlan,
  { workFolder, signal }: { readonly workFolder: WorkFolder; readonly signal: AbortSignal },
): Promise<Connection> {
  return openConnection(TEST_SERVER_INPUT, plan, { tls: NO_TLS, workFolder, signal });
}

/**
 * Makes sure before the dump that there is a server to runTestRestore on.
 *
 * @throws UserError naming the input, when it cannot be reached, the tools could not dump it for the proof, or its role
 *   may not create a database.
 */
export async function checkTestServer(
  connection: Connection,
  asking: { readonly tools: ClientTools; readonly attempts: number; readonly signal: AbortSignal },
): Promise<Database> {
  log.info('The server to runTestRestore the restore on:');
  try {
    const preflight = { ...asking, input: TEST_SERVER_INPUT, connection, allowPooler: undefined };
    const database = await runPreflight(preflight);
    refuseNewerServer(database.server, asking.tools.major);
    await requireRightToCreate(database.session);
    return database;
  } catch (error) {
    throw error instanceof UserError ? aboutItsInput(error) : error;
  }
}

/** The same error, of the second connection string of the job: nobody must look for the fault in the first. */
function aboutItsInput(error: UserError): UserError {
  // Those name it already.
  const isNamed = error.code === 'invalid-input' || error.code === 'test-server';
  const message = isNamed ? error.message : `${TEST_SERVER_INPUT}: ${error.message}`;
  const hint = error.hint.replaceAll(/(?<!-)\bconnection-string\b/g, TEST_SERVER_INPUT);
  return new UserError('test-server', message, hint, { cause: error.cause });
}

/**
 * Restores a fresh backup into a scratch database on another server, proves it, and drops it again.
 *
 * @throws UserError when it cannot be restored, or what was restored differs.
 */
export async function runTestRestore(database: Database, request: RehearsalRequest): Promise<Rehearsal> {
  const { server, connection, session } = database;
  const started = performance.now();
  await restoreAndProve(database, request).catch((reason: unknown) => {
    const error = cancelledOr(session.signal, () => connection.failure() ?? reason);
    if (!(error instanceof UserError) || error.code === 'test-server') throw error;
    throw new UserError(
      'test-restore-failed',
      `The backup does not pass its rehearsal: ${error.message}`,
      error.hint,
      {
        cause: error.cause,
      },
    );
  });
  log.info(
    `Rehearsed in ${duration(performance.now() - started)} on PostgreSQL ${server.version}: restored, proven and dropped again`,
  );
  return { serverVersion: server.version, address: connection.address };
}

async function restoreAndProve(
  { server, session }: Database,
  { archive: path, proof, encoding, workFolder }: RehearsalRequest,
): Promise<void> {
  const archive = { path, proof, contents: await readTableOfContents(path) };
  {
    await using scratch = await makeScratchDatabase(session, encoding);
    recordScratchDatabase(scratch.name);
    const target = { session: scratch.session, serverMajor: server.major, workFolder: workFolder.path };
    const plan = await makePlan(archive, target, FULL_RESTORE.options);
    logPlan(plan);
    const restored = await restoreInto(archive, target, plan, FULL_RESTORE);
    await verifyTarget(archive, target, plan, { restored, role: undefined });
  }
  recordScratchDatabase(undefined);
}
