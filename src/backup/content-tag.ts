import { createHmac, scrypt } from 'node:crypto';
import type { Encryption } from '../age/age-inputs.ts';

const LABEL = 'postgres-backup, tag of the content, 1';
/** 32 MiB and a tenth of a second: makes it slow to guess a password from the tag of known content. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 };
const PLAIN_CHARACTERS = 12;
const KEYED_CHARACTERS = 16;

/**
 * The part of a backup's name that identifies its content, so that an unchanged database is recognized.
 *
 * Without encryption: the first 12 hex digits of the content digest. With encryption, the name must reveal nothing of the
 * content: 16 hex digits of a keyed hash. The key is made from the connection string and from who can decrypt the backup, so
 * that a backup for other recipients has another tag.
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
