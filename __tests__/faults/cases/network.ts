import { fastClock } from '../../support/fast-clock.ts';
import type { Weather } from '../../support/tcp-proxy.ts';
import { type FaultBed, backUp } from '../fault-bed.ts';
import type { FaultCase, Phase } from '../fault-case.ts';
import { MIDDLE_OF_THE_DUMP, SPARE_THE_PREFLIGHT } from '../held-dump.ts';

/** The point at which a connection is broken. */
interface Moment {
  readonly phase: Phase;
  readonly words: string;
  /** Set to false where faults that take long to be noticed are not tested. */
  readonly takesPatience?: false;
  /** Whether `npm test` tries it with a reset. */
  readonly everyday?: true;
  readonly at: (bed: FaultBed) => Promise<{ readonly spare?: number; readonly afterBytes?: number }>;
}

/** More bytes than the server sends for the login of the preflight, and fewer than for all of the preflight. */
const BEHIND_THE_LOGIN = 1_000;
/** pg_dump reads more bytes than this before the rows of the first table. */
const DURING_THE_CATALOGUE = 20_000;

/** The data after the rows of the last table is shorter than this, and the last row is longer. */
const BEHIND_THE_ROWS = 40;

const MOMENTS: readonly Moment[] = [
  {
    phase: 'preflight',
    words: 'before the login',
    at: () => Promise.resolve({}),
  },
  {
    phase: 'preflight',
    words: 'after the login',
    at: () => Promise.resolve({ afterBytes: BEHIND_THE_LOGIN }),
  },
  {
    phase: 'dump',
    words: 'at the start',
    at: () => Promise.resolve(SPARE_THE_PREFLIGHT),
  },
  {
    phase: 'dump',
    words: 'while pg_dump reads the system catalogs',
    takesPatience: false,
    at: () => Promise.resolve({ ...SPARE_THE_PREFLIGHT, afterBytes: DURING_THE_CATALOGUE }),
  },
  {
    phase: 'dump',
    words: 'in the middle',
    everyday: true,
    at: () => Promise.resolve(MIDDLE_OF_THE_DUMP),
  },
  {
    phase: 'dump',
    words: 'in the last row',
    at: async (bed) => ({ ...SPARE_THE_PREFLIGHT, afterBytes: (await servedToDump(bed)) - BEHIND_THE_ROWS }),
  },
];

const served = new WeakMap<FaultBed, number>();

/** How many bytes the server sends to a pg_dump without faults. */
async function servedToDump(bed: FaultBed): Promise<number> {
  const known = served.get(bed);
  if (known !== undefined) return known;
  const before = bed.proxy.served.length;
  const run = await backUp(bed, bed.large, { inputs: { storage: './undisturbed/' } });
  const [, , toDump] = bed.proxy.served.slice(before);
  if (toDump === undefined) throw new Error(`There was no dump through the proxy:\n${run.log}`);
  served.set(bed, toDump);
  return toDump;
}

const CLOSED = {
  preflight:
    /The database cannot be reached: The server closed the connection unexpectedly.*\n.*Run the job again/,
  dump: /pg_dump failed: The server closed the connection unexpectedly.*\n.*Run the job again/,
};

const brokenConnections = (kind: 'reset' | 'end', words: string): FaultCase[] =>
  MOMENTS.map((moment) => ({
    fault: `the connection is ${words} ${moment.words}`,
    phase: moment.phase,
    outcome: 'failed',
    says: moment.phase === 'preflight' ? CLOSED.preflight : CLOSED.dump,
    ...(kind === 'reset' && moment.everyday ? { everyday: true } : {}),
    strike: async (bed) => {
      await bed.proxy.set({ kind, ...(await moment.at(bed)) });
      return backUp(bed, bed.large);
    },
  }));

/** The connection stays open, but no data arrives: only the action itself can notice that. */
const silences = MOMENTS.filter(({ takesPatience }) => takesPatience !== false).map((moment): FaultCase => ({
  fault: `the connection stops responding ${moment.words}`,
  phase: moment.phase,
  outcome: 'failed',
  says: /is dead|did not respond in time|has received no answer/i,
  strike: async (bed) => {
    await bed.proxy.set({ kind: 'silence', ...(await moment.at(bed)) });
    // libpq's own timeout is not a Node.js timer, so the fast clock does not affect it.
    const hasty = { ...bed.large, proxiedUrl: `${bed.large.proxiedUrl}?connect_timeout=3` };
    return backUp(bed, hasty, { env: fastClock() });
  },
}));

const slow = (fault: string, weather: Weather): FaultCase => ({
  fault,
  phase: 'dump',
  outcome: 'survived',
  says: /Read back 4 tables/,
  strike: async (bed) => {
    await bed.proxy.set(weather);
    return backUp(bed, bed.large);
  },
});

const refusals: readonly FaultCase[] = [
  {
    fault: 'the connection is refused',
    phase: 'preflight',
    everyday: true,
    outcome: 'failed',
    says: /The database cannot be reached: Nothing accepts connections at the port.*\n.*map its port/,
    strike: async (bed) => {
      await bed.proxy.set({ kind: 'refuse' });
      return backUp(bed, bed.shop);
    },
  },
  {
    fault: 'the connection is refused at the first attempt',
    phase: 'preflight',
    outcome: 'survived',
    says: /Attempt 1 of 3: Nothing accepts connections/,
    strike: async (bed) => {
      await bed.proxy.set({ kind: 'refuse' });
      return backUp(bed, bed.shop, {
        inputs: { 'connection-attempts': '3' },
        onLine: (line) => {
          if (line.startsWith('Attempt 1')) void bed.proxy.set({ kind: 'clear' });
        },
      });
    },
  },
  {
    fault: 'the connection is reset at the first attempt',
    phase: 'preflight',
    outcome: 'survived',
    says: /Attempt 1 of 3: The server closed the connection unexpectedly/,
    strike: async (bed) => {
      await bed.proxy.set({ kind: 'reset', times: 1 });
      return backUp(bed, bed.shop, { inputs: { 'connection-attempts': '3' } });
    },
  },
  {
    // The second is without the snapshot of the session that has logged in.
    fault: 'the connection is reset at the first two logins of pg_dump',
    phase: 'dump',
    outcome: 'survived',
    says: /Attempt 1 of 3: pg_dump failed: The server closed the connection unexpectedly/,
    strike: async (bed) => {
      await bed.proxy.set({ kind: 'reset', times: 2, ...SPARE_THE_PREFLIGHT });
      return backUp(bed, bed.shop, { inputs: { 'connection-attempts': '3' } });
    },
  },
];

/** Faults of the connection to the server. */
export const networkCases: readonly FaultCase[] = [
  ...refusals,
  ...brokenConnections('reset', 'reset'),
  ...brokenConnections('end', 'closed (FIN)'),
  slow('every chunk from the server arrives 5 ms late', { kind: 'delay', milliseconds: 5 }),
  slow('the network is limited to 10 MB per second', { kind: 'throttle', bytesPerSecond: 10_000_000 }),
  {
    // The server has reported the last COPY as complete; only its ReadyForQuery message is missing.
    fault: 'the connection is closed (FIN) after the last row',
    phase: 'dump',
    outcome: 'survived',
    says: /Read back 4 tables and 182,400 rows/,
    strike: async (bed) => {
      await bed.proxy.set({
        kind: 'end',
        ...SPARE_THE_PREFLIGHT,
        afterBytes: (await servedToDump(bed)) - 1,
      });
      return backUp(bed, bed.large);
    },
  },
  ...silences,
];
