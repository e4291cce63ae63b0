import { createHmac, scrypt } from 'node:crypto';
import type { Encryption } from '../age/age-inputs.ts';

const LABEL = 'postgres-backup, tag of the content, 1';
/** 32 MiB and a tenth of a second: nobody guesses a password by the tags of content that they know. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 };
const PLAIN_CHARACTERS = 12;
const KEYED_CHARACTERS = 16;

/**
 * What the name of a backup tells of its content, by which an unchanged database is known.
 *
 * Without encryption, the first 12 hex digits of the content digest. Of an encrypted backup nothing of the content may
 * show, so it is 16 hex digits that only this job can make: keyed with the connection string and with who can open the
 * backup, so that a backup for others is another one.
 *
 * @param contentDigest 64 hex digits.
 */
export async function contentTag(
  contentDigest: string,
  encryption: Encryption | undefined,
  connectionString: string,
): Promise<string> {
  if (!encryption) return contentDigest.slice(0, PLAIN_CHARACTERS);
  const openers =
    encryption.to === 'passphrase' ? [encryption.passphrase] : [...new Set(encryption.recipients)].sort();
  const key = await stretched(JSON.stringify([connectionString, encryption.to, ...openers]));
  return createHmac('sha256', key).update(contentDigest).digest('hex').slice(0, KEYED_CHARACTERS);
}

function stretched(secret: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, LABEL, 32, SCRYPT, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
