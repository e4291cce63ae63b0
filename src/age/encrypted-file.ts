import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { FileKey } from './file-key.ts';
import { CHUNK_BYTES, NONCE_BYTES, PayloadError, TAG_BYTES, decryptPayload } from './payload.ts';
import { CHUNKS_PER_BLOCK, pump } from './pump.ts';

/** The size and digest of a file, or of its content. */
export interface Measured {
  /** In bytes. */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/**
 * Decrypts all that follows the header of an encrypted file.
 *
 * @param request.read gets every encrypted byte after the header, in order.
 * @param request.write gets the content as far as it is verified; all of it is valid only if this
 *   function succeeds.
 * @returns the size and digest of the content.
 * @throws PayloadError when it does not decrypt.
 */
export async function decryptContent(request: {
  readonly source: FileHandle;
  readonly header: Uint8Array;
  readonly fileKey: FileKey;
  readonly read?: (bytes: Uint8Array) => void;
  readonly write?: (buffers: readonly Buffer[]) => Promise<void>;
  readonly signal: AbortSignal;
}): Promise<Measured> {
  const { source, header, fileKey, read, write, signal } = request;
  const nonce = Buffer.alloc(NONCE_BYTES);
  const { bytesRead } = await source.read(nonce, 0, NONCE_BYTES, header.length);
  if (bytesRead < NONCE_BYTES) throw new PayloadError('its content is missing');
  read?.(nonce);
  const payload = decryptPayload(fileKey.payloadKey(nonce));
  const hash = createHash('sha256');
  let size = 0;
  const measured = (buffers: readonly Buffer[]): readonly Buffer[] => {
    for (const buffer of buffers) {
      hash.update(buffer);
      size += buffer.length;
    }
    return buffers;
  };
  await pump({
    source,
    position: header.length + NONCE_BYTES,
    blockBytes: CHUNKS_PER_BLOCK * (CHUNK_BYTES + TAG_BYTES),
    add(block) {
      read?.(block);
      return measured(payload.add(block));
    },
    end: () => measured(payload.end()),
    write: write ?? (() => Promise.resolve()),
    signal,
  });
  return { size, sha256: hash.digest('hex') };
}
