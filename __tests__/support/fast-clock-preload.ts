// A program is started with this: see `fast-clock.ts`.
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { FAST_CLOCK_FACTORS } from './fast-clock.ts';

const LONG_MS = 5_000;
const MINUTE_MS = 60_000;
/** undici keeps its own time for whatever is longer than a second, in steps of this length (`lib/util/timers.js`). */
const UNDICI_STEP_MS = 499;

function fast(milliseconds: unknown): unknown {
  if (typeof milliseconds !== 'number') return milliseconds;
  const isLong = milliseconds >= LONG_MS || milliseconds === UNDICI_STEP_MS;
  if (!isLong) return milliseconds;
  // The longer of two timers stays the longer one.
  const beyond = Math.max(0, milliseconds - MINUTE_MS);
  return (milliseconds - beyond) / FAST_CLOCK_FACTORS.seconds + beyond / FAST_CLOCK_FACTORS.minutes;
}

/** Lets a function take a duration, at a position among its arguments, for a shorter one. */
function hasten(owner: object, name: string, position: number): void {
  const timer: unknown = Reflect.get(owner, name);
  if (typeof timer !== 'function') throw new Error(`There is no ${name}.`);
  const hastened = new Proxy(timer, {
    apply: (target, self: unknown, args: unknown[]): unknown =>
      Reflect.apply(
        target,
        self,
        args.map((arg, index) => (index === position ? fast(arg) : arg)),
      ),
  });
  Reflect.set(owner, name, hastened);
}

for (const name of ['setTimeout', 'setInterval']) {
  hasten(globalThis, name, 1);
  hasten(timers, name, 1);
}
hasten(timersPromises, 'setTimeout', 0);
// Programs that import a built-in module by name would keep what it was.
syncBuiltinESMExports();
hasten(AbortSignal, 'timeout', 0);
hasten(Socket.prototype, 'setTimeout', 0);
