import { createHash, randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { UserError, messageOf } from '../errors.ts';
import type { Encryption } from './age-inputs.ts';
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
  readonly #given = createHash('sha256');
  readonly #opened = createHash('sha256');

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
    this.#given.update(chunk);
    this.#pass(() => this.#seal.add(chunk), done);
  }

  override _flush(done: TransformCallback): void {
    this.#pass(
      () => this.#seal.end(),
      (error) => {
        done(error ?? this.#verdict());
      },
    );
  }

  #pass(seal: () => readonly Buffer[], done: TransformCallback): void {
    try {
      for (const bytes of seal()) {
        for (const content of this.#open.add(bytes)) this.#opened.update(content);
        this.push(bytes);
      }
      done();
    } catch (error) {
      done(notDecrypted(messageOf(error), error));
    }
  }

  #verdict(): UserError | null {
    try {
      for (const content of this.#open.end()) this.#opened.update(content);
    } catch (error) {
      return notDecrypted(messageOf(error), error);
    }
    const isSame = this.#opened.digest('hex') === this.#given.digest('hex');
    return isSame ? null : notDecrypted('its content differs');
  }
}

function notDecrypted(reason: string, cause?: unknown): UserError {
  return new UserError(
    'encryption',
    `The encrypted backup does not decrypt to the archive: ${reason}.`,
    'Run the job again. If the error persists, the memory or the processor of the runner is faulty.',
    { cause },
  );
}
