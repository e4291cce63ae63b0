import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Encryption } from './age-inputs.ts';
import type { Measured } from './encrypted-file.ts';
import type { FileKey } from './file-key.ts';
import { explained, fillNewFile, withFile, writeAll } from './files.ts';
import { newHeader } from './header.ts';
import { CHUNK_BYTES, NONCE_BYTES, encryptPayload } from './payload.ts';
import { proveEncrypted } from './verify-encryption.ts';
import { CHUNKS_PER_BLOCK, pump } from './pump.ts';

/**
 * Encrypts an archive and proves it: the file that stands on the disk afterwards is read again and decrypts to the
 * same bytes. `target` remains only if it is good; `source` is left alone.
 *
 * @param request.plaintextSha256 of the archive as it was proven: 64 hex digits.
 * @param request.target must not exist yet; it becomes readable by its owner alone.
 * @returns size and SHA-256 of the encrypted file.
 * @throws UserError when a file cannot be read or written, or the proof fails; the signal's reason when aborted.
 */
export async function encryptArchive(request: {
  readonly source: string;
  readonly target: string;
  readonly plaintextSha256: string;
  readonly encryption: Encryption;
  readonly signal: AbortSignal;
}): Promise<Measured> {
  const { target, plaintextSha256, signal } = request;
  const fileKey = await encryptFile(request);
  try {
    return await proveEncrypted({ file: target, fileKey, plaintextSha256, signal });
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
}

/**
 * Encrypts a file as `age` does (https://age-encryption.org/v1), in constant memory.
 *
 * @returns the key of this one file, for {@link proveEncrypted}.
 * @throws UserError when a file cannot be read or written (`target` is removed); the signal's reason when aborted.
 */
export async function encryptFile(request: {
  readonly source: string;
  readonly target: string;
  readonly encryption: Encryption;
  readonly signal: AbortSignal;
}): Promise<FileKey> {
  const { source, target, encryption, signal } = request;
  signal.throwIfAborted();
  const { bytes: header, fileKey } = await newHeader(encryption);
  const nonce = randomBytes(NONCE_BYTES);
  const payload = encryptPayload(fileKey.payloadKey(nonce));
  try {
    await withFile(source, (from) =>
      fillNewFile(target, async (to) => {
        await writeAll(to, [Buffer.from(header), nonce]);
        await pump({
          source: from,
          position: 0,
          blockBytes: CHUNKS_PER_BLOCK * CHUNK_BYTES,
          ...payload,
          write: (buffers) => writeAll(to, buffers),
          signal,
        });
      }),
    );
  } catch (error) {
    throw explained('The backup could not be encrypted', error);
  }
  return fileKey;
}
