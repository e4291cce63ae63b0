// A program is started with this: see `jumping-clock.ts`.
const days = Number(process.env['JUMP_DAYS']);
const atLine = process.env['JUMP_AT_LINE'] ?? '';
let offsetMs = 0;

const trueNow = Date.now.bind(Date);
const now = (): number => trueNow() + offsetMs;

const jumping = new Proxy(Date, {
  // Only what is asked for without a time is the time that it is now.
  construct: (target, args: unknown[], newTarget): object => {
    const made: unknown = Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget);
    if (made instanceof target) return made;
    throw new TypeError('This is no date.');
  },
  get: (target, name): unknown => {
    const value: unknown = name === 'now' ? now : Reflect.get(target, name);
    return value;
  },
});
Object.defineProperty(globalThis, 'Date', { value: jumping });

process.stdout.write = new Proxy(process.stdout.write.bind(process.stdout), {
  apply: (target, self, args: unknown[]): unknown => {
    const [text] = args;
    if (typeof text === 'string' && text.startsWith(atLine)) offsetMs = days * 24 * 60 * 60_000;
    return Reflect.apply(target, self, args);
  },
});
