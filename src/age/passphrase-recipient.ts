import { createCipheriv, randomBytes, scrypt } from 'node:crypto';
import type { Recipient } from 'age-encryption';

/** The work factor of the `age` command: 2^18, which takes 256 MiB of memory and under a second. */
const WORK_FACTOR = 18;

const LABEL = 'age-encryption.org/v1/scrypt';

/**
 * Wraps file keys with a passphrase (https://age-encryption.org/v1, "The scrypt recipient type").
 *
 * The library has this too, but passes its file key only to custom recipients like this one, and allows none beside its own
 * passphrase. Node.js's scrypt also does not block the thread, so that a cancelled run ends at once.
 */
export function passphraseRecipient(passphrase: string): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const { Stanza } = await import('age-encryption');
      const salt = randomBytes(16);
      const key = await stretched(passphrase, salt);
      const cipher = createCipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      return [
        new Stanza(
          ['scrypt', salt.toString('base64').replaceAll('=', ''), String(WORK_FACTOR)],
          Uint8Array.from(body),
        ),
      ];
    },
  };
}

function stretched(passphrase: string, salt: Buffer): Promise<Buffer> {
  const memory = 128 * 8 * 2 ** WORK_FACTOR;
  const options = { N: 2 ** WORK_FACTOR, r: 8, p: 1, maxmem: 2 * memory };
  return new Promise((resolve, reject) => {
    scrypt(passphrase, Buffer.concat([Buffer.from(LABEL), salt]), 32, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
