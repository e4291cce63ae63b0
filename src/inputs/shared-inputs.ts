import * as core from '@actions/core';
import { ageSecrets } from './age-inputs.ts';
import { type ConnectionSource, findConnectionString } from './connection-source.ts';
import { maskConnectionSecrets, maskSecret } from './mask.ts';
import { booleanValue, wholeNumber } from './parsers.ts';
import { type TlsTexts, pemText } from './pem.ts';
import { type PostgresVersion, postgresVersion } from './postgres-version.ts';

/** What every action that speaks to a server is told of the way there, and of the tools. */
export interface ServerInputs {
  readonly connection: ConnectionSource;
  /** PEM texts. */
  readonly tls: TlsTexts;
  readonly connectionAttempts: number;
  readonly postgresVersion: PostgresVersion;
  readonly checkLatest: boolean;
  readonly aptMirror: string | undefined;
  readonly aptSigningKey: string | undefined;
}

/**
 * Reads the inputs that these actions have in common.
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
    connectionAttempts: wholeNumberInput('connection-attempts', { min: 1, max: 20 }),
    postgresVersion: postgresVersion('postgres-version', core.getInput('postgres-version')),
    checkLatest: booleanInput('check-latest'),
    aptMirror: optional('apt-mirror'),
    aptSigningKey: optional('apt-signing-key'),
  };
}

/** Has the runner mask the inputs that hold secrets, but for the connection string, which is masked when it is found. */
export function maskSecretInputs(): void {
  maskSecret(core.getInput('ssl-key'));
  maskSecret(core.getInput('github-token'));
  const ofAge = ['age-passphrase', 'age-identity'].map((name) =>
    core.getInput(name, { trimWhitespace: false }),
  );
  for (const secret of ageSecrets(...ofAge)) maskSecret(secret);
}

/** An input that says yes or no. */
export function booleanInput(name: string): boolean {
  return booleanValue(name, core.getInput(name));
}

/** An input that is a number. */
export function wholeNumberInput(name: string, range: { min: number; max: number }): number {
  return wholeNumber(name, core.getInput(name), range);
}

/** An input that may be empty; what it holds is checked otherwise. */
export function optional(
  name: string,
  check: (input: string, value: string) => string = (_, value) => value,
): string | undefined {
  const value = core.getInput(name);
  return value === '' ? undefined : check(name, value);
}
