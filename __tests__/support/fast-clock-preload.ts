// A program is started with this: see `fast-clock.ts`.
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { FAST_CLOCK_FACTORS } from './fast-clock.ts';
import { hastenArgument, hastenTimers } from './fast-timers.ts';

const LONG_MS = 5_000;
const MINUTE_MS = 60_000;
/** undici keeps its own time for whatever is longer than a second, in steps of this length (`lib/util/timers.js`). */
const UNDICI_STEP_MS = 499;

function fast(milliseconds: number): number {
  const isLong = milliseconds >= LONG_MS || milliseconds === UNDICI_STEP_MS;
  if (!isLong) return milliseconds;
  // The longer of two timers stays the longer one.
  const beyond = Math.max(0, milliseconds - MINUTE_MS);
  return (milliseconds - beyond) / FAST_CLOCK_FACTORS.seconds + beyond / FAST_CLOCK_FACTORS.minutes;
}

hastenTimers(fast);
hastenArgument(AbortSignal, 'timeout', 0, fast);
hastenArgument(Socket.prototype, 'setTimeout', 0, fast);
// Programs that import a built-in module by name would keep what it was.
syncBuiltinESMExports();
