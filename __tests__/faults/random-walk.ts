import type { Fault, FaultPoint } from '../support/artifact-service-faults.ts';
import type { Weather } from '../support/tcp-proxy.ts';

/** When a fault strikes: this long after the first log line that begins with `line`. */
export interface Moment {
  readonly line: string;
  readonly afterMs: number;
}

/** One fault of a random walk, as plain data, so that it can be printed and repeated. */
export type RandomFault =
  | { readonly kind: 'weather'; readonly at: Moment; readonly weather: Weather }
  | { readonly kind: 'unreachable'; readonly at: Moment; readonly forMs: number }
  | { readonly kind: 'service'; readonly point: FaultPoint; readonly fault: Fault }
  | {
      readonly kind: 'server';
      readonly at: Moment;
      readonly how: 'terminate' | 'crash' | 'fast shutdown';
    }
  | { readonly kind: 'lock'; readonly at: Moment; readonly forMs: number }
  | { readonly kind: 'signal'; readonly at: Moment; readonly signal: NodeJS.Signals }
  | { readonly kind: 'kill'; readonly at: Moment; readonly program: 'pg_dump' | 'pg_restore' | 'psql' }
  | { readonly kind: 'small disk'; readonly megabytes: number }
  | { readonly kind: 'little memory'; readonly megabytes: number };

/** One backup of a walk. */
export interface Step {
  readonly number: number;
  readonly subject: 'shop' | 'large';
  readonly encrypted: boolean;
  readonly kept: boolean;
  readonly attempts: number;
  readonly jobs: number;
  readonly faults: readonly RandomFault[];
}

/** The lines of the log by which a moment is found, in the order of the job. */
const LINES = [
  'Connection string',
  'PostgreSQL client',
  'Connected to',
  'Dumping',
  'Dumped',
  'Read back',
  'Uploaded',
];
const POINTS: readonly FaultPoint[] = [
  'createArtifact',
  'finalizeArtifact',
  'listArtifacts',
  'getSignedArtifactURL',
  'deleteArtifact',
  'rest',
  'blobPut',
  'blobGet',
];
const ANSWERS: readonly Fault['answer'][] = [401, 403, 404, 409, 429, 500, 503, 'reset', 'hang', 'corrupt'];

/** The step of a walk that has this number: the same for the same seed, whatever came before. */
export function walkStep(seed: number, number: number): Step {
  const random = randomNumbers(seed * 1_000_003 + number);
  const below = (limit: number): number => Math.floor(random() * limit);
  const oneOf = <const T>(choices: readonly [T, ...T[]]): T => choices[below(choices.length)] ?? choices[0];
  const chance = (percent: number): boolean => below(100) < percent;
  const moment = (): Moment => ({
    line: LINES[below(LINES.length)] ?? 'Dumping',
    // Most of a run takes less than a second; some things last longer.
    afterMs: chance(80) ? below(600) : below(4_000),
  });
  const weather = (): Weather => {
    const kind = oneOf(['reset', 'end', 'silence', 'delay', 'throttle']);
    if (kind === 'delay') return { kind, milliseconds: 1 + below(20) };
    if (kind === 'throttle') return { kind, bytesPerSecond: 2_000_000 + below(40_000_000) };
    return { kind, afterBytes: below(28_000_000), ...(chance(60) ? { times: 1 + below(2) } : {}) };
  };
  const fault = (): RandomFault => {
    const kind = oneOf([
      'weather',
      'weather',
      'unreachable',
      'service',
      'service',
      'service',
      'server',
      'lock',
      'signal',
      'kill',
      'small disk',
      'little memory',
    ]);
    switch (kind) {
      case 'weather':
        return { kind, at: moment(), weather: weather() };
      case 'unreachable':
      case 'lock':
        return { kind, at: moment(), forMs: below(6_000) };
      case 'service': {
        const answer = ANSWERS[below(ANSWERS.length)] ?? 500;
        const times = chance(60) ? { times: 1 + below(3) } : {};
        const everyNth = chance(30) ? { everyNth: 2 + below(3) } : {};
        return {
          kind,
          point: POINTS[below(POINTS.length)] ?? 'rest',
          fault: { answer, ...times, ...everyNth },
        };
      }
      case 'server':
        return { kind, at: moment(), how: oneOf(['terminate', 'crash', 'fast shutdown']) };
      case 'signal':
        return { kind, at: moment(), signal: oneOf(['SIGINT', 'SIGTERM', 'SIGKILL']) };
      case 'kill':
        return { kind, at: moment(), program: oneOf(['pg_dump', 'pg_restore', 'psql']) };
      case 'small disk':
        return { kind, megabytes: 1 + below(12) };
      case 'little memory':
        return { kind, megabytes: 12 + below(80) };
    }
  };
  return {
    number,
    subject: chance(70) ? 'large' : 'shop',
    encrypted: chance(30),
    kept: chance(30),
    attempts: 1 + below(3),
    faults: Array.from({ length: chance(70) ? 1 : 2 }, fault),
    jobs: chance(30) ? oneOf([2, 4]) : 1,
  };
}

/** A step in one line: what `npm run soak` prints. */
export function describeStep({ subject, encrypted, kept, attempts, jobs, faults }: Step): string {
  const inputs = [subject, `${attempts}×`, ...(encrypted ? ['age'] : []), ...(kept ? ['folder'] : [])];
  if (jobs > 1) inputs.push(`jobs ${jobs}`);
  return `${inputs.join(' ')}: ${faults.map(describeFault).join(' + ')}`;
}

function describeFault(fault: RandomFault): string {
  const { kind, ...details } = fault;
  const words = Object.entries(details).map(([name, value]) => `${name} ${describeValue(value)}`);
  return `${kind} (${words.join(', ')})`;
}

function describeValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name}=${describeValue(each)}`)
    .join(' ');
}

/** Numbers from 0 to 1 that look random and are the same for the same seed (mulberry32, in the public domain). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
