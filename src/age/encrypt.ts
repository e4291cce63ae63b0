import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Encryption } from './age-inputs.ts';
import type { Measured } from './encrypted-file.ts';
import type { FileKey } from './file-key.ts';
import { explained, fillNewFile, withFile, writeAll } from './files.ts';
import { newHeader } from './header.ts';
import { CHUNK_BYTES, NONCE_BYTES, encryptPayload } from './payload.ts';
import { verifyEncrypted } from './verify-encryption.ts';
import { CHUNKS_PER_BLOCK, pump } from './pump.ts';

/**
 * Encrypts an archive and verifies the result: the file on the disk is read back and must decrypt to the
 * same bytes. `target` remains only if it is verified; `source` is not changed.
 *
 * @param request.plaintextSha256 of the verified archive: 64 hexadecimal digits.
 * @param request.target must not exist yet; it becomes readable by its owner only.
 * @returns size and SHA-256 of the encrypted file.
 * @throws UserError when a file cannot be read or written, or the verification fails; the signal's reason when aborted.
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
    return await verifyEncrypted({ file: target, fileKey, plaintextSha256, signal });
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
}

/**
 * Encrypts a file as `age` does (https://age-encryption.org/v1), in constant memory.
 *
 * @returns the key of this one file, for {@link verifyEncrypted}.
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
