import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decryptFile } from '../../src/age/decrypt.ts';
import { encryptFile } from './encrypt-file.ts';
import type { DecryptionKeys } from '../../src/age/age-inputs.ts';
import {
  type KeyPair,
  type Scratch,
  failureText,
  keyPair,
  passphraseKeys,
  scratch,
  signal,
} from './scratch.ts';

let files: Scratch;
let pair: KeyPair;
let good: Buffer;
beforeAll(async () => {
  files = await scratch();
  pair = await keyPair();
  const source = await files.write('archive', 'what was in the database');
  await encryptFile({ source, target: files.at('good'), encryption: pair.encryption });
  good = await readFile(files.at('good'));
});
afterAll(() => files.remove());

/** What the user reads when these bytes are decrypted; nothing may be left of it. */
async function failureOf(bytes: Uint8Array | string, keys: DecryptionKeys = pair.keys): Promise<string> {
  const source = await files.write('file', bytes);
  const before = await files.names();
  const text = await failureText(decryptFile({ source, target: files.at('content'), keys, signal }));
  expect(await files.names()).toEqual(before);
  return text;
}

describe('a damaged encrypted file', () => {
  it('does not decrypt, wherever it is cut (thorough)', async () => {
    for (let size = 0; size < good.length; size++) {
      expect(await failureOf(good.subarray(0, size))).toMatch(/damaged|not encrypted with age/);
    }
  });

  it('does not decrypt, whichever byte is changed (thorough)', async () => {
    for (let at = 0; at < good.length; at++) {
      for (const change of [0x01, 0x20]) {
        const damaged = Buffer.from(good);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        expect(await failureOf(damaged)).toMatch(/damaged|not encrypted with age|No key in age-identity/);
      }
    }
  });

  it('does not decrypt with additional bytes before or after it', async () => {
    expect(await failureOf(Buffer.concat([good, Buffer.from('\n')]))).toContain('damaged or incomplete');
    expect(await failureOf(Buffer.concat([Buffer.from('\n'), good]))).toContain('not encrypted with age');
  });

  it('is refused without reading all of it if its header has no end', async () => {
    const endless = `age-encryption.org/v1\n${'-> X25519 a\n'.repeat(200_000)}`;
    expect(await failureOf(endless)).toContain('start of the encrypted file is damaged');
  });
});

describe('a wrong key', () => {
  const passphrase = passphraseKeys('correct horse battery staple');

  it('is named in the error: another identity', async () => {
    const { keys } = await keyPair();
    expect(await failureOf(good, keys)).toMatch(
      /^No key in age-identity can decrypt this file.*1 recipient \(X25519\)/,
    );
  });

  it('is named in the error: a passphrase instead of an identity', async () => {
    expect(await failureOf(good, passphrase.keys)).toMatch(
      /encrypted to public keys, and age-identity is empty/,
    );
  });

  it('is named in the error: a wrong passphrase, a missing passphrase', async () => {
    const { encryption } = passphrase;
    await encryptFile({ source: files.at('archive'), target: files.at('by-passphrase'), encryption });
    const file = await readFile(files.at('by-passphrase'));
    expect(await failureOf(file, passphraseKeys('wrong horse').keys)).toMatch(
      /^age-passphrase is not the passphrase/,
    );
    expect(await failureOf(file)).toMatch(
      /^The file is encrypted with a passphrase, and age-passphrase is empty/,
    );
  });

  it('is ignored beside a right one', async () => {
    const { identity } = await keyPair('hybrid');
    const keys = { identities: [identity, pair.identity], passphrase: 'not needed' };
    const target = files.at('both');
    await decryptFile({ source: files.at('good'), target, keys, signal });
    expect(await readFile(target, 'utf8')).toBe('what was in the database');
  });

  it.each(['AGE-SECRET-KEY-', 'horse'])('is not printed: %s', async (secret) => {
    const { keys } = await keyPair();
    const text = await failureOf(good, { ...keys, passphrase: 'correct horse' });
    expect(text).not.toContain(secret === 'horse' ? secret : (keys.identities[0] ?? secret));
  });
});

describe('a file that is not encrypted with age', () => {
  it('is recognized by its start', async () => {
    expect(await failureOf('PGDMP\x01\x10')).toMatch(/^The file is not encrypted[^]*Remove age-identity/);
    expect(await failureOf('-----BEGIN AGE ENCRYPTED FILE-----\n')).toContain('ASCII armor');
    expect(await failureOf('PK\x03\x04')).toContain('not encrypted with age');
    expect(await failureOf('')).toContain('not encrypted with age');
  });

  it('is refused before memory is allocated if its work factor is too high', async () => {
    const header = `age-encryption.org/v1\n-> scrypt ${'A'.repeat(22)} 21\n${'A'.repeat(43)}\n--- ${'A'.repeat(43)}\n`;
    expect(await failureOf(header, passphraseKeys('x y z').keys)).toMatch(/work factor of 21, .* up to 20/);
  });
});
