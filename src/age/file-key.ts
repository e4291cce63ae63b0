import { type KeyObject, createSecretKey, hkdfSync } from 'node:crypto';

/**
 * The key of one encrypted file, 16 bytes (https://age-encryption.org/v1, "File key"). The header contains it, wrapped
 * for each recipient. Its bytes are private to the object, so that no log or error can print them.
 */
export class FileKey {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
  }

  /** A copy of the bytes, for the library that reads and writes headers. */
  bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  /** The key of the payload: HKDF-SHA-256 of the file key with the payload's nonce as salt. */
  payloadKey(nonce: Uint8Array): KeyObject {
    return createSecretKey(Buffer.from(hkdfSync('sha256', this.#bytes, nonce, 'payload', 32)));
  }
}
