import { createHash } from 'node:crypto';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import { collectAfterEvery } from '../../process/garbage.ts';
import { watchStall } from '../../process/stall.ts';
import { exactLength } from '../exact-length.ts';
import { downloadProgress } from './download-progress.ts';
import { UnexpectedResponse } from '../../github/json.ts';
import { type Bounds, USUAL_RETRIES } from '../../runner/retry-policy.ts';
import { toolkitFetch } from '../../github/toolkit-fetch.ts';

/** Content in the storage behind the artifact service. */
export interface Content {
  /** Needs no token. */
  readonly url: string;
  /** In bytes. */
  readonly size: number;
}

const PROGRESS_EVERY_MS = 5_000;
const COLLECT_EVERY_BYTES = 4 * 1024 * 1024;

/**
 * Reads content once, in constant memory.
 *
 * @param take gets each piece of it, and is awaited.
 * @returns the SHA-256 of all of it in hexadecimal.
 * @throws what {@link contentChunks} does; what `take` throws.
 */
export async function transfer(
  content: Content,
  take: (chunk: Uint8Array) => Promise<void> | void,
  bounds: Bounds,
): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of contentChunks(content, bounds)) {
    hash.update(chunk);
    await take(chunk);
  }
  return hash.digest('hex');
}

/**
 * The content, read once and in constant memory. A connection that receives no data for `attemptMs` is ended.
 *
 * @throws LongerContent; UnexpectedResponse when it is incomplete or cannot be downloaded; the signal's reason.
 */
export async function* contentChunks(
  { url, size }: Content,
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
    const body = await open(url, AbortSignal.any([signal, stall.signal]));
    for await (const chunk of exactLength(body, size)) {
      received += chunk.length;
      yield chunk;
      stall.progress();
      collect(chunk.length);
    }
  } finally {
    clearInterval(ticker);
    stall.stop();
  }
}

async function open(url: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const send = await toolkitFetch();
  // The URL itself grants access: the storage must not get the token.
  const response = await send(url, { headers: { 'accept-encoding': 'identity' }, signal });
  if (response.status === 200 && response.body) return response.body;
  throw new UnexpectedResponse(`the storage answered with ${response.status}`);
}
