import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const READ_BYTES = 1024 * 1024;

/**
 * Reads a whole file, in constant memory.
 *
 * @param flags with which it is opened.
 * @returns its size in bytes and its SHA-256, 64 hex digits.
 * @throws the signal's reason when it was aborted.
 */
export async function digestFile(
  path: string,
  signal: AbortSignal,
  flags: string | number = 'r',
): Promise<{ readonly size: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  await using file = await open(path, flags);
  for (let size = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, size);
    if (bytesRead === 0) return { size, sha256: hash.digest('hex') };
    hash.update(buffer.subarray(0, bytesRead));
    size += bytesRead;
  }
}
