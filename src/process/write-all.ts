import type { FileHandle } from 'node:fs/promises';

/** Writes all buffers, one after the other. */
export async function writeAll(file: FileHandle, buffers: readonly Buffer[]): Promise<void> {
  const size = buffers.reduce((sum, { length }) => sum + length, 0);
  if (size === 0) return;
  const { bytesWritten } = await file.writev(buffers);
  if (bytesWritten <= 0) throw new Error('No bytes could be written to the disk.');
  // A disk that is nearly full accepts a part; writing the rest then fails with the reason.
  if (bytesWritten < size) await writeAll(file, [Buffer.concat(buffers).subarray(bytesWritten)]);
}
