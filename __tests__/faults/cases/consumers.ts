import { fastClock } from '../../support/fast-clock.ts';
import { type Faulty, faultyParts } from '../../support/faulty-parts.ts';
import type { ActionRun, RunActionOptions } from '../../support/runner.ts';
import { HANG, withStandIns } from '../../support/stand-in-tools.ts';
import { type FaultBed, backUp } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';
import { backUpDespite } from '../service-trouble.ts';

/** The most memory that the action may use, whatever makes it wait. */
const MOST_MEMORY_BYTES = 300 * 1024 * 1024;
const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
/** Of some 30 MB. */
const MIDDLE_BYTES = 12_000_000;
const RETRY = String.raw`\n.*[Rr]un the job again`;

type How = Faulty['how'];
type Place = 'at the start' | 'in the middle' | 'at the end';
/** One row for each consumer: what it does, and what the annotation says. */
type Row = readonly [How, Place, says: RegExp];

const OUTCOMES: Readonly<Record<How, string>> = {
  fails: 'fails',
  stalls: 'stalls',
  lies: 'reports success wrongly',
};

interface ConsumerFaults {
  readonly consumer: string;
  readonly rows: readonly Row[];
  readonly everyday?: readonly [How, Place];
  readonly strike: (bed: FaultBed, how: How, place: Place) => Promise<ActionRun>;
}

/** Backs up without compression, and checks that nothing has piled up in front of what was slow. */
async function dumped(
  work: (options: Pick<RunActionOptions, 'inputs'>) => Promise<ActionRun>,
): Promise<ActionRun> {
  const run = await work({ inputs: { compression: 'none' } });
  const memory = run.peakRssBytes ?? 0;
  if (memory > MOST_MEMORY_BYTES) throw new Error(`The action took ${memory} bytes of memory.`);
  return run;
}

const PG_RESTORE: Readonly<Record<Place, Readonly<Record<How, string>>>> = {
  'at the start': { fails: 'exit 1', stalls: HANG, lies: 'exit 0' },
  'in the middle': {
    fails: `head -c ${MIDDLE_BYTES} | "$real" "$@"; exit 1`,
    stalls: `head -c ${MIDDLE_BYTES} | "$real" "$@"; ${HANG}`,
    lies: `head -c ${MIDDLE_BYTES} | "$real" "$@" 2> /dev/null; exit 0`,
  },
  'at the end': {
    fails: '"$real" "$@"; exit 1',
    stalls: `"$real" "$@"; ${HANG}`,
    lies: '"$real" "$@" | head -n -20; exit 0',
  },
};

const AT: Readonly<
  Record<Place, { readonly bytes: number | 'end'; readonly chunks: number | 'end'; readonly blocks: number }>
> = {
  'at the start': { bytes: 0, chunks: 0, blocks: 0 },
  'in the middle': { bytes: MIDDLE_BYTES, chunks: 200, blocks: 2 },
  'at the end': { bytes: 'end', chunks: 'end', blocks: 3 },
};

const SLOW_RESTORE = new RegExp(
  `^The backup makes no progress: pg_restore has taken no data for two minutes\\.${RETRY}`,
);
const UNREAD = new RegExp(`^The archive cannot be read back: .*${RETRY}`);
const NOT_UPLOADED = new RegExp(`^The artifact could not be uploaded: .*${RETRY}`);
const NOT_DECRYPTED = new RegExp(`^The encrypted backup does not decrypt to the archive: .*${RETRY}`);
const NOT_WRITTEN =
  /^The backup could not be written to the folder .*EIO.*\nCheck that the disk has enough space/;
const SLOW_FOLDER = new RegExp(
  `^The backup makes no progress: the folder .* has taken no data for two minutes\\.${RETRY}`,
);
const DIFFERS =
  /^The file .* differs from what was written: its size or SHA-256 is not the same\.\nRun the job again/;
const SPOOL_FAILS = /^The disk of the runner is faulty: EIO.*\n.*run the job again/;
const SLOW_SPOOL = new RegExp(
  `^The backup makes no progress: the disk has taken no data for two minutes\\.${RETRY}`,
);
const NOT_RESTORED = /^The backup failed its test restore: .*\n./;

const FAULTS: readonly ConsumerFaults[] = [
  {
    consumer: 'pg_restore',
    everyday: ['lies', 'in the middle'],
    rows: [
      ['fails', 'at the start', UNREAD],
      ['stalls', 'at the start', SLOW_RESTORE],
      ['fails', 'in the middle', UNREAD],
      ['stalls', 'in the middle', SLOW_RESTORE],
      ['lies', 'in the middle', UNREAD],
      ['fails', 'at the end', UNREAD],
      ['stalls', 'at the end', UNREAD],
      ['lies', 'at the end', UNREAD],
    ],
    strike: (bed, how, place) =>
      withStandIns(bed.toolCache, { pg_restore: PG_RESTORE[place][how] }, (toolCache) =>
        dumped((options) => backUp(bed, bed.large, { ...options, toolCache, env: fastClock() })),
      ),
  },
  {
    consumer: 'the encryption',
    rows: (['at the start', 'in the middle', 'at the end'] as const).flatMap((place) =>
      (['fails', 'lies'] as const).map((how): Row => [how, place, NOT_DECRYPTED]),
    ),
    strike: (bed, how, place) =>
      dumped(({ inputs }) =>
        backUp(bed, bed.large, {
          inputs: { ...inputs, 'age-recipients': RECIPIENT },
          env: faultyParts({ part: 'cipher', how, at: AT[place].chunks }),
        }),
      ),
  },
  {
    consumer: 'the artifact storage',
    rows: [
      ['lies', 'at the start', NOT_UPLOADED],
      ...(['in the middle', 'at the end'] as const).flatMap((place) =>
        (['fails', 'stalls', 'lies'] as const).map((how): Row => [how, place, NOT_UPLOADED]),
      ),
    ],
    strike: (bed, how, place) => {
      const answer = ({ fails: 403, stalls: 'hang', lies: 201 } as const)[how];
      // A block that is accepted and thrown away is missed by the commit.
      const commit = how === 'lies' ? { blobCommit: { answer, times: 0 } } : {};
      const faults = { blobPut: { answer, after: AT[place].blocks }, ...commit };
      return dumped((options) => backUpDespite(bed, faults, { subject: bed.large, ...options }));
    },
  },
  {
    consumer: 'the disk of a folder',
    everyday: ['lies', 'in the middle'],
    rows: (['at the start', 'in the middle', 'at the end'] as const).flatMap((place): Row[] => [
      ['fails', place, NOT_WRITTEN],
      ['stalls', place, SLOW_FOLDER],
      ['lies', place, DIFFERS],
    ]),
    strike: (bed, how, place) =>
      dumped(({ inputs }) =>
        backUp(bed, bed.large, {
          inputs: { ...inputs, storage: 'artifact\n./kept/' },
          env: faultyParts({ part: { file: /\.bak\.partial$/ }, how, at: AT[place].bytes }),
        }),
      ),
  },
  {
    consumer: 'the disk of the archive for a test restore',
    rows: (['at the start', 'in the middle', 'at the end'] as const).flatMap((place): Row[] => [
      ['fails', place, SPOOL_FAILS],
      ['stalls', place, SLOW_SPOOL],
      ['lies', place, NOT_RESTORED],
    ]),
    strike: (bed, how, place) =>
      dumped(({ inputs }) =>
        backUp(bed, bed.large, {
          inputs: { ...inputs, 'verify-connection-string': bed.database.url },
          env: faultyParts({ part: { file: /\/archive$/ }, how, at: AT[place].bytes }),
        }),
      ),
  },
];

/** Everything that takes the dump while it is made, and what is wrong with it. */
export const consumerCases: readonly FaultCase[] = FAULTS.flatMap(({ consumer, rows, everyday, strike }) =>
  rows.map(([how, place, says]): FaultCase => ({
    fault: `${consumer} ${OUTCOMES[how]} ${place}`,
    phase: 'dump',
    outcome: 'failed',
    says,
    ...(everyday?.[0] === how && everyday[1] === place ? { everyday: true } : {}),
    strike: (bed) => strike(bed, how, place),
  })),
);
