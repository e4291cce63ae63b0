import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Decrypter, Encrypter } from 'age-encryption';
import fc from 'fast-check';
import { FileKey } from '../../src/age/file-key.ts';
import { newHeader } from '../../src/age/header.ts';
import {
  type PayloadStream,
  CHUNK_BYTES,
  NONCE_BYTES,
  PayloadError,
  TAG_BYTES,
  decryptPayload,
  encryptPayload,
} from '../../src/age/payload.ts';
import { keyPair, noise } from './scratch.ts';

const SIZES = [0, 1, 65535, 65536, 65537, 131071, 131072, 131073, 200_000, 1024 * 1024, 1024 * 1024 + 1];
const SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES;
const key = new FileKey(randomBytes(16)).payloadKey(randomBytes(NONCE_BYTES));

/** Feeds bytes in pieces of the given sizes, over and over; the pieces are overwritten once they were taken. */
function through(stream: PayloadStream, bytes: Uint8Array, pieces: readonly number[]): Buffer {
  const results: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const piece = Buffer.from(bytes.subarray(at, at + (pieces[turn % pieces.length] ?? 1)));
    results.push(...stream.add(piece));
    at += piece.length;
    piece.fill(0xee);
  }
  return Buffer.concat([...results, ...stream.end()]);
}

const encrypted = (bytes: Uint8Array, pieces = [bytes.length]): Buffer =>
  through(encryptPayload(key), bytes, pieces);
const decrypted = (bytes: Uint8Array, pieces = [bytes.length]): Buffer =>
  through(decryptPayload(key), bytes, pieces);

describe('a payload', () => {
  it.each(SIZES)('is encrypted as by the age library: %d bytes', async (size) => {
    const { encryption, identity } = await keyPair();
    const { bytes: header, fileKey } = await newHeader(encryption);
    const nonce = randomBytes(NONCE_BYTES);
    const payload = through(encryptPayload(fileKey.payloadKey(nonce)), noise(size), [100_000]);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const content = await decrypter.decrypt(Uint8Array.from(Buffer.concat([header, nonce, payload])));
    expect(Buffer.from(content).equals(noise(size))).toBe(true);
  });

  it.each(SIZES)('is decrypted after the age library has encrypted it: %d bytes', async (size) => {
    const { identity, recipient } = await keyPair();
    const [encrypter, decrypter] = [new Encrypter(), new Decrypter()];
    encrypter.addRecipient(recipient);
    decrypter.addIdentity(identity);
    const file = await encrypter.encrypt(Uint8Array.from(noise(size)));
    const headerBytes = Buffer.from(file).indexOf('\n', Buffer.from(file).indexOf('\n---') + 1) + 1;
    const fileKey = new FileKey(await decrypter.decryptHeader(file.subarray(0, headerBytes)));
    const nonce = file.subarray(headerBytes, headerBytes + NONCE_BYTES);
    const payload = file.subarray(headerBytes + NONCE_BYTES);
    const content = through(decryptPayload(fileKey.payloadKey(nonce)), payload, [100_000]);
    expect(content.equals(noise(size))).toBe(true);
  });

  it('does not depend on how it is divided into pieces (thorough)', () => {
    const size = fc.oneof(
      fc.constantFrom(...SIZES),
      fc.integer({ min: 0, max: 300_000 }),
      fc
        .integer({ min: 0, max: 4 })
        .chain((chunks) =>
          fc.integer({ min: -2, max: 2 }).map((more) => Math.max(0, chunks * CHUNK_BYTES + more)),
        ),
    );
    const pieces = fc.array(
      fc.oneof(
        fc.integer({ min: 1, max: 300_000 }),
        fc.constantFrom(CHUNK_BYTES, SEALED_CHUNK, 16 * SEALED_CHUNK),
      ),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(size, pieces, pieces, (bytes, writing, reading) => {
        const file = encrypted(noise(bytes), writing);
        expect(file.equals(encrypted(noise(bytes)))).toBe(true);
        expect(decrypted(file, reading).equals(noise(bytes))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('has a tag for each chunk, and one for empty content', () => {
    for (const size of SIZES) {
      const chunks = Math.max(1, Math.ceil(size / CHUNK_BYTES));
      expect(encrypted(noise(size))).toHaveLength(size + chunks * TAG_BYTES);
    }
  });

  it('counts its chunks beyond one byte of the counter (thorough)', () => {
    const content = noise(258 * CHUNK_BYTES);
    expect(decrypted(encrypted(content)).equals(content)).toBe(true);
  });
});

describe('a manipulated payload', () => {
  const three = encrypted(noise(2 * CHUNK_BYTES + 10));
  const chunk = (index: number): Buffer => three.subarray(index * SEALED_CHUNK, (index + 1) * SEALED_CHUNK);
  const cases: [string, Buffer][] = [
    ['without its last chunk', Buffer.concat([chunk(0), chunk(1)])],
    ['cut within its last chunk', three.subarray(0, -1)],
    ['with chunks in another order', Buffer.concat([chunk(1), chunk(0), chunk(2)])],
    ['with a chunk twice', Buffer.concat([chunk(0), chunk(0), chunk(1), chunk(2)])],
    ['with a chunk too few', Buffer.concat([chunk(0), chunk(2)])],
    ['with its last chunk twice', Buffer.concat([three, chunk(2)])],
    ['with more behind it', Buffer.concat([three, Buffer.alloc(1)])],
    ['with a chunk of zeros behind it', Buffer.concat([three, Buffer.alloc(SEALED_CHUNK)])],
    ['without anything', Buffer.alloc(0)],
    ['of less than a tag', Buffer.alloc(TAG_BYTES - 1)],
  ];

  it.each(cases)('does not decrypt: %s', (_, payload) => {
    expect(() => decrypted(payload)).toThrow(PayloadError);
    expect(() => decrypted(payload, [1000])).toThrow(PayloadError);
  });

  it('returns no byte of a chunk before it is verified', () => {
    const damaged = Buffer.from(three);
    damaged[SEALED_CHUNK + 5] = (damaged[SEALED_CHUNK + 5] ?? 0) ^ 1;
    const stream = decryptPayload(key);
    expect(Buffer.concat(stream.add(damaged.subarray(0, SEALED_CHUNK + 1)))).toHaveLength(CHUNK_BYTES);
    expect(() => stream.add(damaged.subarray(SEALED_CHUNK + 1))).toThrow('after 65536 bytes');
  });
});
