import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import type { Environment } from '../process/run.ts';
import { type ConnectionParameters, LIBPQ_PARAMETERS, parameterEntries } from './url/parameters.ts';

const SERVICE = 'postgres-backup';

/**
 * Defaults for what the connection string does not set. Cloud networks drop connections that are idle for a few minutes,
 * and a dump is idle while the server sorts: keepalives prevent that, and detect a server that is gone.
 */
const DEFAULTS: ConnectionParameters = {
  connect_timeout: '15',
  application_name: 'postgres-backup-action',
  keepalives: '1',
  keepalives_idle: '30',
  keepalives_interval: '10',
  keepalives_count: '6',
};

/** Parameters as variables of the environment, and those that have no variable as lines of a service file. */
export interface LibpqSettings {
  readonly variables: Environment;
  readonly serviceFile: string;
}

/**
 * Writes connection parameters into environment variables and a service file, with the defaults of this action.
 *
 * In libpq a service file overrides the environment, so no parameter is in both.
 *
 * @throws UserError when a service file cannot contain a value.
 */
export function libpqSettings(input: string, parameters: ConnectionParameters): LibpqSettings {
  const variables: Record<string, string> = {};
  const lines = [`[${SERVICE}]`];
  for (const [name, value] of parameterEntries({ ...DEFAULTS, ...parameters })) {
    const variable = LIBPQ_PARAMETERS[name];
    if (variable !== null) variables[variable] = value;
    else if (/[\r\n]|^\s|\s$/.test(value)) throw notInServiceFile(input, name);
    else lines.push(`${name}=${value}`);
  }
  return { variables, serviceFile: `${lines.join('\n')}\n` };
}

/**
 * Makes the environment with which psql, pg_dump and pg_restore all connect to the same server in the same way.
 *
 * @param workFolder a folder that only this user can read; the service file is written there with mode 0600.
 */
export async function libpqEnvironment(
  input: string,
  parameters: ConnectionParameters,
  workFolder: string,
): Promise<Environment> {
  const { variables, serviceFile } = libpqSettings(input, parameters);
  const file = path.join(workFolder, 'pg_service.conf');
  await writeFile(file, serviceFile, { mode: 0o600, flag: 'wx' });
  return {
    // The user's own ~/.pgpass and ~/.postgresql must not decide which server is backed up.
    HOME: workFolder,
    // Messages in English: the diagnosis reads them.
    LC_ALL: 'C',
    // Timestamps with time zone are dumped as text; the server's own time zone must not change the content digest.
    PGTZ: 'UTC',
    PGSERVICEFILE: file,
    PGSERVICE: SERVICE,
    ...variables,
  };
}

function notInServiceFile(input: string, name: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: the value of the parameter "${name}" starts or ends with white space, or contains a line break.`,
    `Remove the white space from "${name}".`,
  );
}
