import { log } from '../log/log.ts';
import { parseConnectionUrl } from './connection-url.ts';
import type { ConnectionParameters } from './parameters.ts';

/**
 * Turns a connection string into libpq's parameters. White space around it is left out, with a notice.
 *
 * @throws UserError when it is not a PostgreSQL URL.
 */
export function readConnection(input: string, value: string): ConnectionParameters {
  const url = value.trim();
  if (url !== value) {
    log.notice(
      `${input}: there is white space around the value; it was left out. Store the secret without it.`,
    );
  }
  return parseConnectionUrl(input, url);
}

/** Where the parameters lead, for the log: `db.example.com:5432`. */
export function addressOf(parameters: ConnectionParameters): string {
  const hosts = (parameters.host ?? parameters.hostaddr ?? 'the local socket').split(',');
  const ports = (parameters.port ?? '5432').split(',');
  return hosts.map((host, index) => `${host}:${ports[index] ?? ports[0] ?? ''}`).join(', ');
}
