import { readTableOfContents } from '../../archive/toc/table-of-contents.ts';
import { createScratchDatabase, requireCreatePrivilege } from './scratch-database.ts';
import type { ReadBack } from '../../archive/read-back.ts';
import {
  FULL_RESTORE,
  logPlan,
  makePlan,
  nameBrokenChecks,
  restoreInto,
  verifyTarget,
} from '../../restore/engine.ts';
import type { ClientTools } from '../../tools/client-tools.ts';
import { type Connection, type ConnectionPlan, openConnection } from '../../postgres/connection.ts';
import {
  type Database,
  type ServerFacts,
  refuseNewerServer,
  runPreflight,
} from '../../postgres/preflight.ts';
import { UserError, cancelledOr } from '../../errors.ts';
import { recordScratchDatabase } from '../../runner/job-state.ts';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import type { RecordedGeneratedValues } from '../../storage/record.ts';
import type { WorkFolder } from '../../runner/work-folder.ts';

/** The input that names the server for the test restore. */
export const TEST_SERVER_INPUT = 'verify-connection-string';

/** The TLS inputs are about the server that is backed up. */
const NO_TLS = { rootCertificate: undefined, certificate: undefined, key: undefined };

/** Where a test restore succeeded. */
export interface TestRestore {
  /** Of the server on which the backup was restored. */
  readonly serverVersion: string;
  readonly address: string;
}

/** The backup of a test restore. */
export interface TestRestoreRequest {
  readonly archive: string;
  readonly readBack: ReadBack;
  readonly generatedValues: readonly RecordedGeneratedValues[];
  /** The encoding of the database that was backed up, as the server names it. */
  readonly encoding: string;
  /** The schemas in which it finds what has no schema in the backup; empty for none. */
  readonly searchPath: readonly string[];
  readonly workFolder: WorkFolder;
}

/** Opens the connection to the server of the test restore. */
export function openTestServer(
  plan: ConnectionPlan,
  { workFolder, signal }: { readonly workFolder: WorkFolder; readonly signal: AbortSignal },
): Promise<Connection> {
  return openConnection(TEST_SERVER_INPUT, plan, { tls: NO_TLS, workFolder, signal });
}

/**
 * Makes sure before the dump that the test restore has a server.
 *
 * @throws UserError naming the input, when it cannot be reached, or its role may not create a database.
 */
export async function checkTestServer(
  connection: Connection,
  access: { readonly tools: ClientTools; readonly attempts: number; readonly signal: AbortSignal },
): Promise<Database> {
  log.info('The server for the test restore:');
  try {
    const preflight = { ...access, input: TEST_SERVER_INPUT, connection, allowPooler: undefined };
    const database = await runPreflight(preflight);
    await requireCreatePrivilege(database.session);
    return database;
  } catch (error) {
    throw error instanceof UserError ? aboutItsInput(error) : error;
  }
}

/** Fails if the tools could not dump that server for the verification. @throws UserError naming the input. */
export function refuseNewerTestServer(server: ServerFacts, clientMajor: number): void {
  try {
    refuseNewerServer(server, clientMajor);
  } catch (error) {
    throw error instanceof UserError ? aboutItsInput(error) : error;
  }
}

/** The same error, of the second connection string of the job: the first is not at fault. */
function aboutItsInput(error: UserError): UserError {
  // Those name it already.
  const isNamed = error.code === 'invalid-input' || error.code === 'test-server';
  return error.reworded({
    code: 'test-server',
    message: (text) => (isNamed ? text : `${TEST_SERVER_INPUT}: ${text}`),
    hint: (text) => text.replaceAll(/(?<!-)\bconnection-string\b/g, TEST_SERVER_INPUT),
  });
}

/**
 * Restores a fresh backup into a scratch database on another server, verifies it, and drops it again.
 *
 * @throws UserError when it cannot be restored, or what was restored differs.
 */
export async function runTestRestore(database: Database, request: TestRestoreRequest): Promise<TestRestore> {
  const { server, connection, session } = database;
  const started = performance.now();
  await restoreAndVerify(database, request).catch((reason: unknown) => {
    const error = cancelledOr(session.signal, () => connection.failure() ?? reason);
    if (!(error instanceof UserError) || error.code === 'test-server') throw error;
    throw error.reworded({
      code: 'test-restore-failed',
      message: (text) => `The backup failed its test restore: ${text}`,
    });
  });
  log.info(
    `Test restore succeeded in ${duration(performance.now() - started)} on PostgreSQL ${server.version}: restored, verified and dropped again`,
  );
  return { serverVersion: server.version, address: connection.address };
}

async function restoreAndVerify(
  { server, session }: Database,
  { archive: path, readBack, encoding, searchPath, workFolder, generatedValues }: TestRestoreRequest,
): Promise<void> {
  const archive = { path, readBack, contents: await readTableOfContents(path, session.signal) };
  const settings = { ...FULL_RESTORE, options: { ...FULL_RESTORE.options, searchPath } };
  {
    await using scratch = await createScratchDatabase(session, encoding, recordScratchDatabase);
    const target = { session: scratch.session, serverMajor: server.major, workFolder: workFolder.path };
    const plan = await makePlan(archive, target, settings.options);
    logPlan(plan);
    const restored = await restoreInto(archive, target, plan, settings);
    await verifyTarget(archive, target, await nameBrokenChecks(plan, target), {
      restored,
      settings,
      generatedValues,
    });
  }
  recordScratchDatabase(undefined);
}
