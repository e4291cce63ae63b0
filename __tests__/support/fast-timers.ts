/** What a timer of this length becomes. */
export type Hasten = (milliseconds: number) => number;

/**
 * Shortens the timers of this process, whichever way they are set; the time-outs of sockets and of signals are not among them.
 *
 * A module that imports them by name must be loaded afterwards. They are looked up, not imported, because Jest would hand
 * out what they were before to every module of a test file.
 *
 * @returns what restores them.
 */
export function hastenTimers(hasten: Hasten): () => void {
  const timers = process.getBuiltinModule('node:timers');
  const replaced = [
    ...['setTimeout', 'setInterval'].flatMap((name) => [
      hastenArgument(globalThis, name, 1, hasten),
      hastenArgument(timers, name, 1, hasten),
    ]),
    hastenArgument(process.getBuiltinModule('node:timers/promises'), 'setTimeout', 0, hasten),
  ];
  return () => {
    for (const restore of replaced) restore();
  };
}

/** Lets a method take a duration, at a position among its arguments, for a shorter one. @returns what restores it. */
export function hastenArgument(owner: object, name: string, position: number, hasten: Hasten): () => void {
  const timer: unknown = Reflect.get(owner, name);
  if (typeof timer !== 'function') throw new Error(`There is no ${name}.`);
  const fast = (argument: unknown): unknown => (typeof argument === 'number' ? hasten(argument) : argument);
  const hastened = new Proxy(timer, {
    apply: (target, self: unknown, args: unknown[]): unknown =>
      Reflect.apply(
        target,
        self,
        args.map((argument, index) => (index === position ? fast(argument) : argument)),
      ),
  });
  Reflect.set(owner, name, hastened);
  return () => {
    Reflect.set(owner, name, timer);
  };
}
