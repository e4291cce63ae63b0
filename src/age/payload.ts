import { type KeyObject, createCipheriv, createDecipheriv } from 'node:crypto';
import { chunksOf } from './chunks.ts';

/** The size of a chunk of the payload before encryption; the last one may be shorter (https://age-encryption.org/v1, "Payload"). */
export const CHUNK_BYTES = 64 * 1024;
/** The tag of ChaCha20-Poly1305 that follows each encrypted chunk. */
export const TAG_BYTES = 16;
/** The nonce before the first chunk. */
export const NONCE_BYTES = 16;

const CIPHER = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** The payload of a file cannot be decrypted: it is damaged, truncated or too long. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
}

/** Encrypts or decrypts bytes that come in pieces of any size. */
export interface PayloadStream {
  /** The output so far. The input may be overwritten afterwards; the caller owns the result. */
  add(bytes: Uint8Array): Buffer[];
  /** The rest of the output, after all bytes were added. */
  end(): Buffer[];
}

/**
 * Encrypts a payload: chunks of 64 KiB, each with its tag.
 *
 * @param payloadKey a KeyObject, because Node.js needs ten times as long to start a chunk with a raw key.
 */
export function encryptPayload(payloadKey: KeyObject): PayloadStream {
  const counter = new ChunkCounter();
  const seal = (chunk: Uint8Array, last: boolean): Buffer[] => {
    const cipher = createCipheriv(CIPHER, payloadKey, counter.next(last), OPTIONS);
    const sealed = cipher.update(chunk);
    cipher.final();
    return [sealed, cipher.getAuthTag()];
  };
  return chunkwise(CHUNK_BYTES, seal);
}

/**
 * Decrypts a payload. No byte is returned before the tag of its chunk was verified, and `end` verifies that the
 * last chunk is the one that was written last.
 *
 * @throws PayloadError from both methods when the payload is not what was encrypted with this key.
 */
export function decryptPayload(payloadKey: KeyObject): PayloadStream {
  const counter = new ChunkCounter();
  const open = (chunk: Uint8Array, last: boolean): Buffer[] => {
    const number = counter.count;
    const size = chunk.length - TAG_BYTES;
    // Only a file without content has an empty chunk.
    if (size < 0 || (size === 0 && number > 0)) throw new PayloadError('its end is missing');
    const decipher = createDecipheriv(CIPHER, payloadKey, counter.next(last), OPTIONS);
    decipher.setAuthTag(chunk.subarray(size));
    const opened = decipher.update(chunk.subarray(0, size));
    try {
      decipher.final();
    } catch {
      const what = last ? 'its end is damaged or missing' : 'it is damaged';
      throw new PayloadError(`${what}, after ${number * CHUNK_BYTES} bytes of content`);
    }
    return [opened];
  };
  return chunkwise(CHUNK_BYTES + TAG_BYTES, open);
}

function chunkwise(size: number, work: (chunk: Uint8Array, last: boolean) => Buffer[]): PayloadStream {
  const chunks = chunksOf(size);
  return {
    add(bytes) {
      const results: Buffer[] = [];
      for (const chunk of chunks.add(bytes)) results.push(...work(chunk, false));
      return results;
    },
    end: () => work(chunks.last(), true),
  };
}

/** The nonce of each chunk: its number in 11 bytes, big endian, and a byte that is 1 for the last chunk only. */
class ChunkCounter {
  readonly #nonce = Buffer.alloc(12);
  /** How many chunks there have been. Files end long before this stops being exact. */
  count = 0;

  next(last: boolean): Buffer {
    this.#nonce.writeUIntBE(this.count++, 5, 6);
    this.#nonce[11] = last ? 1 : 0;
    return this.#nonce;
  }
}
