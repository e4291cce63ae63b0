import { createHash } from 'node:crypto';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import { collectAfterEvery } from '../../process/garbage.ts';
import { watchStall } from '../../process/stall.ts';
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

/** The content is longer than recorded. */
export class LongerContent extends Error {
  constructor(size: number) {
    super(`it is longer than the ${size} bytes that were recorded`);
  }
}

const PROGRESS_EVERY_MS = 5_000;
const COLLECT_EVERY_BYTES = 4 * 1024 * 1024;

/**
 * Reads content once, in constant memory. A connection that receives no data for `attemptMs` is ended.
 *
 * @param take gets each piece of it, and is awaited.
 * @returns the SHA-256 of all of it in hexadecimal.
 * @throws LongerContent; UnexpectedResponse when it is incomplete or cannot be downloaded; what `take` throws;
 *   the signal's reason.
 */
export async function transfer(
  { url, size }: Content,
  take: (chunk: Uint8Array) => Promise<void> | void,
  { signal, retries: { attemptMs } = USUAL_RETRIES }: Bounds,
): Promise<string> {
  const stall = watchStall(
    attemptMs,
    () => new UnexpectedResponse(`no data was received for ${duration(attemptMs)}`),
  );
  const started = performance.now();
  const collect = collectAfterEvery(COLLECT_EVERY_BYTES);
  const hash = createHash('sha256');
  let received = 0;
  const ticker = setInterval(() => {
    log.info(downloadProgress(received, size, performance.now() - started));
  }, PROGRESS_EVERY_MS);
  try {
    for await (const chunk of await open(url, AbortSignal.any([signal, stall.signal]))) {
      stall.progress();
      received += chunk.length;
      if (received > size) throw new LongerContent(size);
      hash.update(chunk);
      await take(chunk);
      collect(chunk.length);
    }
  } finally {
    clearInterval(ticker);
    stall.stop();
  }
  if (received < size) throw new UnexpectedResponse(`it ended after ${received} of ${size} bytes`);
  return hash.digest('hex');
}

async function open(url: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const send = await toolkitFetch();
  // The URL itself grants access: the storage must not get the token.
  const response = await send(url, { headers: { 'accept-encoding': 'identity' }, signal });
  if (response.status === 200 && response.body) return response.body;
  throw new UnexpectedResponse(`the storage answered with ${response.status}`);
}
