import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

/** How much faster long timers go. */
export const FAST_CLOCK_FACTOR = 10;

/**
 * The environment that lets a Node program's patience run out soon: its timers of 5 s and more go ten times as fast
 * (`fast-clock-preload.ts`). The time of day, and what other programs wait for, stay as they are.
 */
export function fastClock(): { readonly NODE_OPTIONS: string } {
  const preload = pathToFileURL(join(import.meta.dirname, 'fast-clock-preload.ts'));
  return { NODE_OPTIONS: `--import ${preload.href}` };
}
