import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from '@jest/globals';
import { EncryptionStream } from '../../src/age/encryption-stream.ts';

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
});
