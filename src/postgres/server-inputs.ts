import * as core from '@actions/core';
import { type ConnectionSource, findConnectionString } from './connection-source.ts';
import { maskConnectionSecrets } from '../runner/inputs/mask.ts';
import { booleanInput, optional, wholeNumberInput } from '../runner/inputs/action-inputs.ts';
import { type TlsTexts, pemText } from './pem.ts';
import type { VersionRequest } from '../tools/client-tools.ts';
import { type PostgresVersion, postgresVersion } from '../tools/postgres-version.ts';
import type { WorkFolder } from '../runner/work-folder.ts';

/** The inputs about the server and the client tools, for every action that connects to a server. */
export interface ServerInputs {
  readonly connection: ConnectionSource;
  /** PEM texts. */
  readonly tls: TlsTexts;
  readonly connectionAttempts: number;
  readonly postgresVersion: PostgresVersion;
  readonly checkLatest: boolean;
  readonly addToPath: boolean;
  readonly aptMirror: string | undefined;
  readonly aptSigningKey: string | undefined;
}

/**
 * Reads these inputs.
 *
 * @param workspace the folder whose `.env` file may hold the connection string.
 * @throws UserError naming the input, what was wrong and what to write.
 */
export async function readServerInputs(workspace: string): Promise<ServerInputs> {
  const connection = await findConnectionString({
    input: 'connection-string',
    // Not trimmed: the connection rules tell the user about white space.
    inputValue: core.getInput('connection-string', { trimWhitespace: false }),
    environmentValue: process.env['DATABASE_URL'],
    workspace,
  });
  maskConnectionSecrets(connection.value);
  return {
    connection,
    tls: {
      rootCertificate: optional('ssl-root-cert', (input, value) => pemText(input, value, 'CERTIFICATE')),
      certificate: optional('ssl-cert', (input, value) => pemText(input, value, 'CERTIFICATE')),
      key: optional('ssl-key', (input, value) => pemText(input, value, 'PRIVATE KEY')),
    },
    connectionAttempts: wholeNumberInput('connection-attempts', {
      min: 1,
      max: 20,
      counts: 'attempts',
      example: 5,
    }),
    postgresVersion: postgresVersion('postgres-version', core.getInput('postgres-version')),
    checkLatest: booleanInput('check-latest'),
    addToPath: booleanInput('add-to-path'),
    aptMirror: optional('apt-mirror'),
    aptSigningKey: optional('apt-signing-key'),
  };
}

/** The client tools that the inputs of a job require. */
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
