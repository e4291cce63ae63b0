import { open } from 'node:fs/promises';
import { UserError, cancelledOr, messageOf } from '../../errors.ts';
import { unreadable } from '../unreadable.ts';
import { type Reading, TocStart } from './toc-bytes.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * Reads what a file begins with, as far as it goes.
 *
 * @throws UserError when it cannot be read, or whatever `reading` throws; the signal's reason when it was aborted.
 */
export async function readStart<T>(
  path: string,
  reading: (start: TocStart) => Reading<T>,
  signal: AbortSignal,
): Promise<T> {
  const start = new TocStart();
  const steps = reading(start);
  try {
    await using file = await open(path);
    for (;;) {
      const read = steps.next();
      if (read.done === true) return read.value;
      signal.throwIfAborted();
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) start.end();
      else start.add(buffer.subarray(0, bytesRead));
    }
  } catch (error) {
    throw cancelledOr(signal, () =>
      error instanceof UserError ? error : unreadable(messageOf(error), error),
    );
  }
}
