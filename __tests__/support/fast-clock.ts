import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

/** How much faster timers of 5 s and more go, and what of them goes beyond a minute. */
export const FAST_CLOCK_FACTORS = { seconds: 10, minutes: 30 };

/**
 * The environment that lets a Node program's retries run out soon: its timers of 5 s and more go ten times as fast,
 * what goes beyond a minute thirty times (`fast-clock-preload.ts`). The time of day, and what other programs wait for, stay as they are.
 */
export function fastClock(): { readonly NODE_OPTIONS: string } {
  const preload = pathToFileURL(join(import.meta.dirname, 'fast-clock-preload.ts'));
  return { NODE_OPTIONS: `--import ${preload.href}` };
}
