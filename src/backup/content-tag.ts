import { createHmac, scrypt } from 'node:crypto';
import type { Encryption } from '../age/age-inputs.ts';

const LABEL = 'postgres-backup, tag of the content, 2';
/** 32 MiB and a tenth of a second: makes it slow to guess a password from the tag of known content. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 };

/**
 * What a silent record has instead of the content, so that the job itself recognizes an unchanged database: a keyed hash of
 * the content digest. The key is made from the connection string and from who can decrypt the backup, so that a backup for
 * other recipients has another tag.
 *
 * @param contentDigest 64 hex digits.
 * @returns 64 hex digits.
 */
export async function contentTag(
  contentDigest: string,
  encryption: Encryption | undefined,
  connectionString: string,
): Promise<string> {
  const key = await stretched(JSON.stringify([connectionString, ...openersOf(encryption)]));
  return createHmac('sha256', key).update(contentDigest).digest('hex');
}

function openersOf(encryption: Encryption | undefined): readonly string[] {
  if (!encryption) return ['anyone'];
  return encryption.to === 'passphrase'
    ? [encryption.to, encryption.passphrase]
    : [encryption.to, ...[...new Set(encryption.recipients)].sort()];
}

function stretched(secret: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, LABEL, 32, SCRYPT, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
