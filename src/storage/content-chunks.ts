import { createHash } from 'node:crypto';
import { UnexpectedResponse } from '../github/json.ts';
import { collectAfterEvery } from '../process/garbage.ts';
import { watchStall } from '../process/stall.ts';
import { duration } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { type Bounds, USUAL_RETRIES } from '../runner/retry-policy.ts';
import { downloadProgress } from './download-progress.ts';
import { exactLength } from './exact-length.ts';

/** Opens the content of a file in a storage. The signal ends it, now or later. */
export type OpenContent = (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;

const PROGRESS_EVERY_MS = 5_000;
const COLLECT_EVERY_BYTES = 4 * 1024 * 1024;

/**
 * The content, read once and in constant memory. A connection that receives no data for `attemptMs` is ended.
 *
 * @param size in bytes.
 * @throws WrongLength; UnexpectedResponse when it is incomplete; what `open` throws; the signal's reason.
 */
export async function* contentChunks(
  open: OpenContent,
  size: number,
  { signal, retries: { attemptMs } = USUAL_RETRIES }: Bounds,
): AsyncGenerator<Uint8Array> {
  const stall = watchStall(
    attemptMs,
    () => new UnexpectedResponse(`no data was received for ${duration(attemptMs)}`),
  );
  const started = performance.now();
  const collect = collectAfterEvery(COLLECT_EVERY_BYTES);
  let received = 0;
  const ticker = setInterval(() => {
    log.info(downloadProgress(received, size, performance.now() - started));
  }, PROGRESS_EVERY_MS);
  try {
    const body = await open(AbortSignal.any([signal, stall.signal]));
    for await (const chunk of exactLength(body, size)) {
      received += chunk.length;
      // Whoever takes it may need longer.
      stall.pause();
      yield chunk;
      stall.progress();
      collect(chunk.length);
    }
  } finally {
    clearInterval(ticker);
    stall.stop();
  }
}

/** @returns the SHA-256 of all of it in hexadecimal. */
export async function sha256Of(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
