import { log } from './log.ts';

const EVERY_MS = 5_000;

/**
 * Logs how far something is, every five seconds, until it is stopped.
 *
 * @param describe is told the milliseconds since the start; undefined when there is nothing to say yet.
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
