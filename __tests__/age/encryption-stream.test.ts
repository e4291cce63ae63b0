import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from '@jest/globals';
import type { Encryption } from '../../src/age/age-inputs.ts';
import { decryptFile } from '../../src/age/decrypt.ts';
import { EncryptionStream } from '../../src/age/encryption-stream.ts';
import { newHeader } from '../../src/age/header.ts';
import { encryptFile } from './encrypt-file.ts';
import { keyPair, permissions, scratch, signal } from './scratch.ts';

const CHUNK = 64 * 1024;

async function encrypted(content: Buffer, pieceBytes: number): Promise<{ file: Buffer; identity: string }> {
  const identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  const stream = await EncryptionStream.begin({ to: 'recipients', recipients });
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length; at += pieceBytes) pieces.push(content.subarray(at, at + pieceBytes));
  return { file: await buffer(Readable.from(pieces).pipe(stream)), identity };
}

describe('a stream that is encrypted', () => {
  it.each([
    [0, 1],
    [1, 1],
    [CHUNK - 1, 1000],
    [CHUNK, CHUNK],
    [3 * CHUNK + 5, 100_000],
  ])('of %d bytes in pieces of %d can be decrypted by the age library', async (size, pieceBytes) => {
    const content = randomBytes(size);
    const { file, identity } = await encrypted(content, pieceBytes);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    expect(content.equals(await decrypter.decrypt(file))).toBe(true);
  });

  it('for post-quantum keys can be decrypted by the action', async () => {
    const files = await scratch();
    try {
      const { encryption, keys } = await keyPair('hybrid');
      const source = await files.write('archive', 'the archive');
      const [sealed, content] = [files.at('archive.age'), files.at('content')];
      await encryptFile({ source, target: sealed, encryption });
      await decryptFile({ source: sealed, target: content, keys, signal });
      expect(await readFile(content, 'utf8')).toBe('the archive');
      expect(await permissions(content)).toBe(0o600);
    } finally {
      await files.remove();
    }
  });

  it('has a new file key and nonce each time', async () => {
    const { encryption } = await keyPair();
    const [first, second] = [await sealed(encryption), await sealed(encryption)];
    expect(second.length).toBe(first.length);
    expect(second.subarray(-27).equals(first.subarray(-27))).toBe(false);
    expect(second.includes('the archive')).toBe(false);
  });
});

it('a file key does not show when it is printed', async () => {
  const { fileKey } = await newHeader((await keyPair()).encryption);
  expect(inspect(fileKey, { showHidden: true })).toBe('FileKey {}');
  expect(JSON.stringify({ fileKey })).toBe('{"fileKey":{}}');
});

async function sealed(encryption: Encryption): Promise<Buffer> {
  return buffer(Readable.from([Buffer.from('the archive')]).pipe(await EncryptionStream.begin(encryption)));
}
