import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The environment that lets a Node program's time of day jump by so many days as soon as it prints a line that begins
 * so (`jumping-clock-preload.ts`). It stands in for the machine's clock, which a test cannot set: what other programs
 * take for the time stays as it is, and so do timers, which do not follow the time of day.
 */
export function jumpingClock(jump: {
  readonly days: number;
  readonly atLine: string;
}): Readonly<Record<string, string>> {
  const preload = pathToFileURL(join(import.meta.dirname, 'jumping-clock-preload.ts'));
  return {
    NODE_OPTIONS: `--import ${preload.href}`,
    JUMP_DAYS: String(jump.days),
    JUMP_AT_LINE: jump.atLine,
  };
}
