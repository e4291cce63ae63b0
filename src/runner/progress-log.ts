import { log } from './log.ts';

const EVERY_MS = 5_000;

/**
 * Logs the progress of something every five seconds, until it is stopped.
 *
 * @param describe gets the milliseconds since the start; returns undefined when there is nothing to log.
 */
export function logProgress(describe: (elapsedMs: number) => string | undefined): { stop: () => void } {
  const started = performance.now();
  const ticker = setInterval(() => {
    const line = describe(performance.now() - started);
    if (line !== undefined) log.info(line);
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(ticker);
    },
  };
}
