import { randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { UserError, messageOf } from '../errors.ts';
import type { Encryption } from './age-inputs.ts';
import { ExpectedBytes } from './expected-bytes.ts';
import { checkHeader, newHeader } from './header.ts';
import { NONCE_BYTES, type PayloadStream, decryptPayload, encryptPayload } from './payload.ts';

/**
 * Encrypts a stream as `age` does (https://age-encryption.org/v1), in constant memory, and decrypts each chunk again to see
 * that it comes back as what it was.
 *
 * It uses the file key of the encryption. A runner with public keys only cannot check more: whether a
 * secret key unwraps the file key can be tried only by its owner.
 */
export class EncryptionStream extends Transform {
  readonly #seal: PayloadStream;
  readonly #open: PayloadStream;
  /** What has been given and has not come back yet. */
  readonly #given = new ExpectedBytes();

  private constructor(start: Buffer, seal: PayloadStream, open: PayloadStream) {
    super();
    this.#seal = seal;
    this.#open = open;
    this.push(start);
  }

  /** @throws UserError when the header for these recipients is not as it should be. */
  static async begin(encryption: Encryption): Promise<EncryptionStream> {
    const { bytes: header, fileKey } = await newHeader(encryption);
    await checkHeader(header, fileKey);
    const nonce = randomBytes(NONCE_BYTES);
    const key = fileKey.payloadKey(nonce);
    return new EncryptionStream(Buffer.concat([header, nonce]), encryptPayload(key), decryptPayload(key));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#verified(() => {
      this.#given.add(chunk);
      this.#pass(this.#seal.add(chunk));
    }, done);
  }

  override _flush(done: TransformCallback): void {
    this.#verified(() => {
      this.#pass(this.#seal.end());
      this.#compare(this.#open.end());
      this.#given.end();
    }, done);
  }

  #pass(sealed: readonly Buffer[]): void {
    for (const bytes of sealed) {
      this.#compare(this.#open.add(bytes));
      this.push(bytes);
    }
  }

  #compare(opened: readonly Buffer[]): void {
    for (const content of opened) this.#given.take(content);
  }

  #verified(work: () => void, done: TransformCallback): void {
    try {
      work();
    } catch (error) {
      done(notDecrypted(error));
      return;
    }
    done();
  }
}

function notDecrypted(cause: unknown): UserError {
  return new UserError(
    'encryption',
    `The encrypted backup does not decrypt to the archive: ${messageOf(cause)}.`,
    'Run the job again. If the error persists, the memory or the processor of the runner is faulty.',
    { cause },
  );
}
