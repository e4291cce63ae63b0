import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it, jest } from '@jest/globals';
import * as payload from '../../src/age/payload.ts';
import { keyPair } from './scratch.ts';

/** Encrypts like the action, but the memory loses a bit: of what was given, or of what came out. */
async function encryptedWith(spoil: 'input' | 'output'): Promise<Buffer> {
  // A faulty memory cannot be provoked here: the cipher of the action is wrapped.
  jest.unstable_mockModule('../../src/age/payload.ts', () => ({
    ...payload,
    encryptPayload: (...key: Parameters<typeof payload.encryptPayload>) => {
      const inner = payload.encryptPayload(...key);
      const add = (bytes: Uint8Array): Buffer[] => inner.add(bytes);
      const end = (): Buffer[] => inner.end();
      return spoil === 'input'
        ? { add: (bytes: Uint8Array) => add(flipped(bytes)), end }
        : { add, end: () => end().map(flipped) };
    },
  }));
  const { EncryptionStream } = await import('../../src/age/encryption-stream.ts');
  const { encryption } = await keyPair();
  return buffer(Readable.from([Buffer.from('the archive')]).pipe(await EncryptionStream.begin(encryption)));
}

function flipped(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}

it.each([
  ['input', /does not decrypt to the archive: its content differs/],
  ['output', /does not decrypt to the archive: its end is damaged/],
] as const)('an encryption whose %s was damaged is refused', async (spoil, reason) => {
  jest.resetModules();
  await expect(encryptedWith(spoil)).rejects.toThrow(reason);
});
