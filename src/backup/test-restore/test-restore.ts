import { readTableOfContents } from '../../archive/toc/table-of-contents.ts';
import { requireRightToCreate, withScratchDatabase } from './scratch-database.ts';
import type { ReadBack } from '../../archive/read-back.ts';
import { WHOLE, makePlan, proveTarget, restoreInto, tellPlan } from '../../restore/engine.ts';
import type { ClientTools } from '../../tools/client-tools.ts';
import type { Connection, ConnectionPlan } from '../../postgres/connection.ts';
import { refuseNewerServer } from '../../postgres/preflight.ts';
import { type Database, askServer, toolEnvironment, withConnection } from '../../postgres/server-access.ts';
import { UserError } from '../../errors.ts';
import { recordScratchDatabase } from '../../runner/job-state.ts';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import type { WorkFolder } from '../../runner/work-folder.ts';

/** The input that says where to rehearse. */
export const REHEARSAL_INPUT = 'verify-connection-string';

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
  readonly tools: ClientTools;
  readonly workFolder: WorkFolder;
  readonly signal: AbortSignal;
}

/** What opens the way to the rehearsal's server. */
export interface RehearsalAccess {
  readonly plan: ConnectionPlan;
  readonly workFolder: WorkFolder;
  readonly signal: AbortSignal;
}

/**
 * Opens the way to the rehearsal's server for the time of `work`, if there is to be a rehearsal.
 *
 * @param access undefined when there is to be none.
 */
export async function withRehearsalServer<T>(
  access: RehearsalAccess | undefined,
  work: (connection: Connection | undefined) => Promise<T>,
): Promise<T> {
  if (!access) return work(undefined);
  const { plan, workFolder, signal } = access;
  return withConnection({ input: REHEARSAL_INPUT, plan, tls: NO_TLS, signal }, workFolder, work);
}

/**
 * Makes sure before the dump that there is a server to rehearse on.
 *
 * @throws UserError naming the input, when it cannot be reached, the tools could not dump it for the proof, or its role
 *   may not create a database.
 */
export async function askRehearsalServer(
  connection: Connection,
  asking: { readonly tools: ClientTools; readonly attempts: number; readonly signal: AbortSignal },
): Promise<Database> {
  log.info('The server to rehearse the restore on:');
  const { tools, signal } = asking;
  const access = { input: REHEARSAL_INPUT, signal };
  try {
    const database = await askServer(access, connection, { ...asking, allowPooler: undefined });
    refuseNewerServer(database.server, tools.major);
    await requireRightToCreate({ psql: tools.psql, environment: toolEnvironment(tools, connection), signal });
    return database;
  } catch (error) {
    throw error instanceof UserError ? aboutItsInput(error) : error;
  }
}

/** The same error, of the second connection string of the job: nobody must look for the fault in the first. */
function aboutItsInput(error: UserError): UserError {
  const message = error.message.startsWith(REHEARSAL_INPUT)
    ? error.message
    : `${REHEARSAL_INPUT}: ${error.message}`;
  const hint = error.hint.replaceAll(/(?<!-)\bconnection-string\b/g, REHEARSAL_INPUT);
  return new UserError('test-restore-failed', message, hint, { cause: error.cause });
}

/**
 * Restores a fresh backup into a scratch database on another server, proves it, and drops it again.
 *
 * @throws UserError when it cannot be restored, or what was restored differs.
 */
export async function rehearse(database: Database, request: RehearsalRequest): Promise<Rehearsal> {
  const { server, connection } = database;
  const started = performance.now();
  await restoreAndProve(database, request).catch((reason: unknown) => {
    const error = request.signal.aborted ? reason : (connection.failure() ?? reason);
    if (!(error instanceof UserError) || error.message.startsWith(REHEARSAL_INPUT)) throw error;
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
  { server, connection }: Database,
  { archive: path, proof, encoding, tools, workFolder, signal }: RehearsalRequest,
): Promise<void> {
  const environment = toolEnvironment(tools, connection);
  const archive = { path, proof, contents: await readTableOfContents(path) };
  await withScratchDatabase(
    { client: { psql: tools.psql, environment, signal }, encoding, signal },
    async (name) => {
      recordScratchDatabase(name);
      const target = {
        tools,
        environment: { ...environment, PGDATABASE: name },
        serverMajor: server.major,
        workFolder,
        signal,
      };
      const plan = await makePlan(archive, target, WHOLE.options);
      tellPlan(plan);
      const restored = await restoreInto(archive, target, plan, WHOLE);
      await proveTarget(archive, target, plan, { restored, role: undefined });
    },
  );
  recordScratchDatabase(undefined);
}
