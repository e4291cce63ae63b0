import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultPlan } from '../../support/artifact-service-faults.ts';
import { startPgdgMirror } from '../../support/pgdg-mirror.ts';
import type { ActionRun, RunActionOptions } from '../../support/runner.ts';
import type { StepHandle } from '../../support/runner-step.ts';
import { withStandIns } from '../../support/stand-in-tools.ts';
import { type FaultBed, type Subject, backUp, withFolder } from '../fault-bed.ts';
import type { FaultCase, Phase } from '../fault-case.ts';

/** A backup that is paused, and a promise that resolves when it is. */
export interface Held {
  readonly subject: Subject;
  readonly options?: RunActionOptions;
  readonly reached: () => Promise<unknown>;
}

/** A point at which a backup can be paused. */
export interface Moment {
  readonly phase: Phase;
  /** For the matrix: `while pg_dump waits for the server`. */
  readonly when: string;
  /** The signal that `npm test` tries, if any. */
  readonly everyday?: NodeJS.Signals;
  /** Pauses a backup, ends it with `end`, and cleans up. */
  readonly hold: (bed: FaultBed, end: (held: Held) => Promise<ActionRun>) => Promise<ActionRun>;
}

const PASSPHRASE = 'correct horse battery staple';

/** Pauses a backup of the shop where the artifact service fails; at that point its local copy has a temporary name. */
const heldByService =
  (faults: FaultPlan): Moment['hold'] =>
  (bed, end) => {
    bed.artifacts.faults = faults;
    const struck = bed.artifacts.struck();
    const options = { inputs: { storage: 'artifact\n./kept/' } };
    return end({ subject: bed.shop, options, reached: () => struck });
  };

/** Pauses a backup where the connection to the server stops responding. */
const heldBySilence =
  (subject: (bed: FaultBed) => Subject, afterBytes: number): Moment['hold'] =>
  async (bed, end) => {
    await bed.proxy.set({ kind: 'silence', afterBytes });
    const struck = bed.proxy.struck();
    return end({ subject: subject(bed), reached: () => struck });
  };

const MOMENTS: readonly Moment[] = [
  {
    phase: 'client tools',
    when: 'while a package is downloaded',
    async hold({ shop }, end) {
      const mirror = await startPgdgMirror({ stallsAt: '.deb' });
      const toolCache = await mkdtemp(join(tmpdir(), 'empty-tool-cache-'));
      const inputs = {
        'postgres-version': '17',
        'apt-mirror': mirror.url,
        'apt-signing-key': mirror.signingKey,
      };
      try {
        return await withFolder(toolCache, () =>
          end({ subject: shop, options: { inputs, toolCache }, reached: () => mirror.requested('.deb') }),
        );
      } finally {
        await mirror.stop();
      }
    },
  },
  {
    phase: 'preflight',
    when: 'while psql waits for the server',
    hold: heldBySilence(({ shop }) => shop, 0),
  },
  {
    phase: 'dump',
    when: 'while pg_dump waits for the server',
    everyday: 'SIGINT',
    hold: heldBySilence(({ large }) => large, 5_000_000),
  },
  {
    phase: 'read-back',
    when: 'while pg_restore hangs and ignores SIGTERM',
    async hold({ shop, toolCache }, end) {
      const folder = await mkdtemp(join(tmpdir(), 'read-back-'));
      const begun = join(folder, 'begun');
      const hangs = `trap '' TERM; : > '${begun}'; exec sleep 1000`;
      return withFolder(folder, () =>
        withStandIns(toolCache, { pg_restore: hangs }, (cache) =>
          end({
            subject: shop,
            options: { toolCache: cache },
            reached: () => until(() => existsSync(begun)),
          }),
        ),
      );
    },
  },
  {
    phase: 'previous backups',
    when: 'while the previous backups are listed',
    hold: heldByService({ rest: { answer: 'hang' }, listArtifacts: { answer: 'hang' } }),
  },
  {
    phase: 'test restore',
    when: 'while the test restore waits in the scratch database',
    hold: holdTestRestore,
  },
  {
    phase: 'encryption',
    when: 'while the key is derived from the passphrase',
    hold(bed, end) {
      const listed = bed.artifacts.requests.length;
      // However late the signal comes, the backup has not ended.
      bed.artifacts.faults = { createArtifact: { answer: 'hang' } };
      return end({
        subject: bed.shop,
        options: { inputs: { 'age-passphrase': PASSPHRASE }, secrets: [PASSPHRASE] },
        // The key is derived right after the previous backups were listed, and that takes a second.
        reached: async () => {
          await until(() => bed.artifacts.requests.length > listed);
          await pause(300);
        },
      });
    },
  },
  {
    phase: 'upload',
    when: 'while a block is sent',
    everyday: 'SIGKILL',
    hold: heldByService({ blobPut: { answer: 'hang' } }),
  },
  {
    phase: 'upload',
    when: 'while the artifact is finalized',
    hold: heldByService({ finalizeArtifact: { answer: 'hang' } }),
  },
  {
    phase: 'upload',
    when: 'while the stored copy is read back',
    hold: heldByService({ blobGet: { answer: 'stall' } }),
  },
];

/** A restored copy of this database fills a view at the end of the restore, which sleeps. */
const SLEEPER = `
  CREATE FUNCTION public.rest() RETURNS int LANGUAGE plpgsql AS $$
  BEGIN
    IF current_database() <> 'sleeper' THEN PERFORM pg_catalog.pg_sleep(10); END IF;
    RETURN 1;
  END $$;
  CREATE MATERIALIZED VIEW public.rests AS SELECT public.rest();`;

async function holdTestRestore(
  { database, proxy, shop }: FaultBed,
  end: (held: Held) => Promise<ActionRun>,
): Promise<ActionRun> {
  const scratch = `SELECT datname FROM pg_database WHERE datname LIKE 'postgres_backup%'`;
  const url = await database.createDatabase('sleeper');
  await database.sql(SLEEPER, 'sleeper');
  const asleep = `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
  try {
    return await end({
      subject: { ...shop, name: 'sleeper', url, proxiedUrl: proxy.through(url) },
      options: { inputs: { 'verify-connection-string': database.url } },
      reached: () => until(async () => (await database.query(asleep)).length > 0),
    });
  } finally {
    // A killed process cannot drop its scratch database.
    for (const { datname } of [...(await database.query(scratch)), { datname: 'sleeper' }])
      await database.query(`DROP DATABASE "${String(datname)}" WITH (FORCE)`);
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(20);
}

const SIGNALS = [
  {
    signal: 'SIGINT',
    does: 'the run is cancelled (SIGINT)',
    outcome: 'failed',
    says: /^The run was cancelled \(SIGINT\)\.\n.*/,
  },
  {
    signal: 'SIGTERM',
    does: 'the runner stops (SIGTERM)',
    outcome: 'failed',
    says: /^The run was cancelled \(SIGTERM\)\.\n.*/,
  },
  {
    signal: 'SIGKILL',
    does: 'the process is killed (SIGKILL)',
    outcome: 'killed',
    says: /^No backup was made: the job was killed before it could report a result\.\n.*Run it again/,
  },
] as const;

async function ended(
  bed: FaultBed,
  signal: NodeJS.Signals,
  { subject, options, reached }: Held,
): Promise<ActionRun> {
  const started = Promise.withResolvers<StepHandle>();
  const running = backUp(bed, subject, { ...options, onStart: started.resolve });
  const isThere = reached().then(async () => {
    (await started.promise).kill(signal);
  });
  // A run that ends before that is checked as it is.
  await Promise.race([isThere, running]);
  return running;
}

/** Never ends in the main step, so that Node.js does not get to the action itself. */
const LOADS_FOR_EVER = {
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(
    `if (!process.argv[1].includes('cleanup')) await new Promise(() => setInterval(() => undefined, 1000))`,
  )}`,
};

/** Node.js is still loading the bundle: no signal handler is installed yet, and nothing is recorded for the post step. */
const WHILE_LOADED = SIGNALS.map(({ signal, does }): FaultCase => ({
  fault: `${does} while Node.js loads the action`,
  phase: 'start',
  outcome: 'killed',
  says: /^The job was killed before it started: nothing was done\.\n.*Run it again/,
  strike: (bed) =>
    backUp(bed, bed.shop, {
      env: LOADS_FOR_EVER,
      onStart: (main) => {
        main.kill(signal);
      },
    }),
}));

/** A job that is cancelled, stopped or killed at that moment. */
export function signalsAt({ phase, when, everyday, hold }: Moment): FaultCase[] {
  return SIGNALS.map(({ signal, does, outcome, says }) => ({
    fault: `${does} ${when}`,
    phase,
    outcome,
    says,
    ...(signal === everyday ? { everyday: true } : {}),
    strike: (bed) => hold(bed, (held) => ended(bed, signal, held)),
  }));
}

/** Jobs that are killed or cancelled, in every phase. */
export const signalCases: readonly FaultCase[] = [...WHILE_LOADED, ...MOMENTS.flatMap(signalsAt)];
