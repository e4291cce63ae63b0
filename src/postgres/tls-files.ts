import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import type { TlsTexts } from './pem.ts';
import type { ConnectionParameters } from './url/parameters.ts';

/**
 * Writes the PEM texts into the work folder, readable by this user only, and adds their paths to the connection parameters. With a
 * root certificate, the server is verified fully unless the connection string sets sslmode.
 *
 * @throws UserError when the connection string names other files, or a certificate has no key.
 */
export async function useTlsFiles(
  parameters: ConnectionParameters,
  texts: TlsTexts,
  workFolder: string,
): Promise<ConnectionParameters> {
  if ((texts.certificate === undefined) !== (texts.key === undefined)) {
    throw new UserError(
      'invalid-input',
      'ssl-cert and ssl-key must be set together, but only one of them is.',
      'Set both for a client certificate, or neither.',
    );
  }
  const files = [
    ['sslrootcert', 'ssl-root-cert', texts.rootCertificate],
    ['sslcert', 'ssl-cert', texts.certificate],
    ['sslkey', 'ssl-key', texts.key],
  ] as const;
  const result: { -readonly [Name in keyof ConnectionParameters]: ConnectionParameters[Name] } = {
    ...parameters,
  };
  for (const [name, input, text] of files) {
    if (text === undefined) continue;
    if (parameters[name] !== undefined) {
      throw new UserError(
        'invalid-input',
        `${input} is set, and so is ${name} in the connection string.`,
        `Remove ${name} from the connection string.`,
      );
    }
    const file = path.join(workFolder, `${name}.pem`);
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    result[name] = file;
  }
  if (texts.rootCertificate !== undefined) result.sslmode ??= 'verify-full';
  return result;
}
