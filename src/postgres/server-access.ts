import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { ClientTools, VersionRequest } from '../tools/client-tools.ts';
import { type Connection, type ConnectionPlan, openConnection } from './connection.ts';
import { type ServerFacts, preflight } from './preflight.ts';
import type { TlsTexts } from './pem.ts';
import type { ServerInputs } from './server-inputs.ts';
import { bytes, count } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import type { Environment } from '../process/run.ts';
import { type WorkFolder, makeWorkFolder } from '../runner/work-folder.ts';

/** A server that answers, and the way to it. */
export interface Database {
  readonly server: ServerFacts;
  readonly connection: Connection;
}

/** How the connection of one input is opened. */
export interface AccessRequest {
  /** The input that holds the connection string, for the messages. */
  readonly input: string;
  readonly plan: ConnectionPlan;
  readonly tls: TlsTexts;
  readonly signal: AbortSignal;
}

/** Makes a work folder for the time of `work`: whatever happens, it is removed. */
export async function withWorkFolder<T>(
  temp: string,
  work: (workFolder: WorkFolder) => Promise<T>,
): Promise<T> {
  const workFolder = await makeWorkFolder(temp);
  try {
    return await work(workFolder);
  } finally {
    await workFolder.remove();
  }
}

/** Opens the way to a server for the time of `work`: whatever happens, it is closed. */
export async function withConnection<T>(
  { input, plan, tls, signal }: AccessRequest,
  workFolder: WorkFolder,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  // A folder of its own, so that a job can have two connections.
  const folder = path.join(workFolder.path, input);
  await mkdir(folder, { mode: 0o700 });
  const connection = await openConnection(input, plan, { tls, workFolder: folder, signal });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** The client tools that the inputs of a job ask for. */
export function toolsRequest({
  inputs,
  workFolder,
  signal,
}: {
  readonly inputs: ServerInputs;
  readonly workFolder: WorkFolder;
  readonly signal: AbortSignal;
}): VersionRequest {
  const { postgresVersion: version, checkLatest, aptMirror, aptSigningKey } = inputs;
  return { version, checkLatest, aptMirror, aptSigningKey, workFolder: workFolder.path, signal };
}

/** The whole environment of a tool that speaks to the server. */
export function toolEnvironment(tools: ClientTools, connection: Connection): Environment {
  return { ...tools.environment, ...connection.environment };
}

/**
 * Asks the server what it is and holds, and tells the log.
 *
 * @throws UserError as {@link preflight}.
 */
export async function askServer(
  { input, signal }: Pick<AccessRequest, 'input' | 'signal'>,
  connection: Connection,
  {
    tools,
    attempts,
    allowPooler,
  }: { readonly tools: ClientTools; readonly attempts: number; readonly allowPooler: boolean | undefined },
): Promise<Database> {
  const { address, failureHints, failure } = connection;
  const server = await preflight(input, {
    client: { psql: tools.psql, environment: toolEnvironment(tools, connection), signal },
    attempts,
    allowPooler: connection.mayBePooled ? allowPooler : true,
    failureHints,
    knownFailure: failure,
  });
  const tables = server.relations.filter(({ kind }) => kind === 'table').length;
  log.info(
    `Connected to ${server.database} at ${address} as ${server.user}: PostgreSQL ${server.version}` +
      `${server.inRecovery ? ' (a standby)' : ''}, ${bytes(server.databaseBytes)}, ${count(tables, 'table')}, ${server.encoding}`,
  );
  return { server, connection };
}
