import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError, errorCode, messageOf } from '../errors.ts';
import { type ConnectionParameters, type ParameterName, isParameterName } from './url/parameters.ts';

/**
 * Reads the section of a connection service file that a connection string names with `service=`, from where libpq
 * looks for it: `PGSERVICEFILE`, else `~/.pg_service.conf`, else `$PGSYSCONFDIR/pg_service.conf`.
 *
 * @throws UserError when no file has that section.
 */
export async function readService(
  input: string,
  service: string,
  env: NodeJS.ProcessEnv,
): Promise<ConnectionParameters> {
  const own = env['PGSERVICEFILE'] ?? path.join(env['HOME'] ?? '', '.pg_service.conf');
  const system = env['PGSYSCONFDIR'] === undefined ? [] : [path.join(env['PGSYSCONFDIR'], 'pg_service.conf')];
  for (const file of [own, ...system]) {
    const parameters = parseService(input, await textOf(input, file), service);
    if (parameters) return parameters;
  }
  throw new UserError(
    'invalid-input',
    `${input}: there is no connection service with the name in its service parameter.`,
    'Set PGSERVICEFILE to the file that contains it, or write the whole connection as a URL.',
  );
}

/**
 * The parameters of one section, by the rules of libpq's `parseServiceFile`: comments begin a line with `#`, white space
 * is ignored at both ends of a line, and the first value of a key wins.
 *
 * @returns undefined when there is no such section.
 */
export function parseService(input: string, text: string, service: string): ConnectionParameters | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const start = lines.indexOf(`[${service}]`);
  if (start < 0) return undefined;
  const parameters: Partial<Record<ParameterName, string>> = {};
  for (const line of lines.slice(start + 1)) {
    if (line.startsWith('[')) break;
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(line) ?? [];
    if (!isParameterName(name)) {
      throw new UserError(
        'invalid-input',
        `${input}: its connection service has a line that is not a parameter of libpq.`,
        'Every line of the section must be name=value, with names as in the documentation of libpq.',
      );
    }
    parameters[name] ??= value;
  }
  return parameters;
}

async function textOf(input: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw new UserError(
      'invalid-input',
      `${input}: the connection service file cannot be read: ${messageOf(error)}`,
      'Make it readable, or write the whole connection as a URL.',
      { cause: error },
    );
  }
}
