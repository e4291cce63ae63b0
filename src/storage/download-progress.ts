import { bytes, duration } from '../runner/format.ts';

/** The progress of a download as one line for the log. */
export function downloadProgress(received: number, size: number, elapsedMs: number): string {
  if (received === 0 || elapsedMs <= 0) return `    0 %  0 bytes of ${bytes(size)}`;
  const perMs = received / elapsedMs;
  return (
    `  ${String(Math.floor((100 * received) / Math.max(size, received))).padStart(3)} %  ${bytes(received)} of ${bytes(size)}` +
    `  ${bytes(perMs * 1000)}/s  about ${duration(Math.max(0, size - received) / perMs)} left`
  );
}
