import { readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { Database } from '../support/database.ts';
import { fastClock } from '../support/fast-clock.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import type { StepHandle } from '../support/runner-step.ts';
import { smallDisk } from '../support/small-disk.ts';
import { type FaultBed, backUp } from './fault-bed.ts';
import type { Outcome } from './fault-case.ts';
import { brokenPromises } from './promises.ts';
import type { Moment, RandomFault, Step } from './random-walk.ts';

/** The result of a step. */
export interface RandomStrike {
  readonly outcome: Outcome;
  /** A sentence for each; empty when all promises were kept. */
  readonly broken: readonly string[];
  readonly run: ActionRun;
}

/** What a fault gets from the run. */
interface Stage {
  readonly bed: FaultBed;
  /** Does something at a moment of the run. */
  readonly at: (moment: Moment, act: (main: StepHandle) => unknown) => void;
  /** Removes a fault after the run. */
  readonly afterwards: (undo: () => Promise<unknown>) => void;
}

/** A public key; the tests need no secret key. */
const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

/** Runs one step of a walk, checks it against the promises, and restores the bed. */
export async function strikeAtRandom(bed: FaultBed, step: Step): Promise<RandomStrike> {
  const before = new Set(bed.artifacts.artifacts().map(({ id }) => id));
  const moments: [Moment, (main: StepHandle) => unknown][] = [];
  const undos: (() => Promise<unknown>)[] = [];
  const stage: Stage = {
    bed,
    at: (moment, act) => moments.push([moment, act]),
    afterwards: (undo) => undos.push(undo),
  };
  let options: RunActionOptions = { env: fastClock() };
  for (const fault of step.faults) options = merged(options, await prepare(stage, fault));
  const timetable = follow(moments);
  const run = await backUp(bed, bed[step.subject], {
    ...options,
    inputs: {
      'connection-attempts': String(step.attempts),
      jobs: String(step.jobs),
      ...(step.encrypted ? { 'age-recipients': RECIPIENT } : {}),
      ...(step.kept ? { storage: 'artifact\n./kept/' } : {}),
    },
    onStart: timetable.start,
    onLine: timetable.line,
  }).finally(async () => {
    await timetable.stop();
    bed.artifacts.faults = {};
    await bed.proxy.set({ kind: 'clear' });
    for (const undo of undos.toReversed()) await undo();
  });
  const outcome = outcomeOf(run);
  const made = bed.artifacts.artifacts().filter(({ id }) => !before.has(id));
  const remains = made.filter(({ name }) => says(run, `The artifact ${name} could not be deleted`));
  const isPublished = made.some((each) => !remains.includes(each) && says(run, `the artifact ${each.name}`));
  const kept = keptCopy(run, outcome);
  const published = isPublished ? 'an artifact' : kept.length > 0 ? 'a folder' : undefined;
  const broken = await brokenPromises(
    bed,
    { ...run, leftFiles: run.leftFiles.filter((file) => !kept.includes(file)) },
    {
      outcome,
      says: /(?:)/,
      before: new Set([...before, ...remains.map(({ id }) => id)]),
      isSilent: step.encrypted,
      ...(outcome !== 'survived' && published ? { published } : {}),
    },
  );
  await forgetArtifacts(bed);
  return { outcome, broken, run };
}

/** The copy in the folder, file and record, of a run that succeeded, or that says that it is there. */
function keptCopy(run: ActionRun, outcome: Outcome): readonly string[] {
  const kept = run.leftFiles.filter((file) => file.startsWith('workspace/kept/')).toSorted();
  const [file = '', record] = kept;
  const isBackup = kept.length === 2 && record === `${file}.json`;
  return isBackup && (outcome === 'survived' || says(run, basename(file))) ? kept : [];
}

function outcomeOf({ exitCode }: ActionRun): Outcome {
  if (exitCode === 0) return 'survived';
  return exitCode === 1 ? 'failed' : 'killed';
}

/** Whether an annotation of a run has this text. */
function says(run: ActionRun, text: string): boolean {
  const annotations = [...run.annotations, ...(run.post?.annotations ?? [])];
  return annotations.some(({ message }) => message.includes(text));
}

function merged(one: RunActionOptions, other: RunActionOptions): RunActionOptions {
  const nodeOptions = [one.env?.['NODE_OPTIONS'], other.env?.['NODE_OPTIONS']].filter(Boolean).join(' ');
  return { ...one, ...other, env: { ...one.env, ...other.env, NODE_OPTIONS: nodeOptions } };
}

/** Causes a fault, now or at its moment. */
async function prepare(stage: Stage, fault: RandomFault): Promise<RunActionOptions> {
  const { bed, at, afterwards } = stage;
  switch (fault.kind) {
    case 'weather':
      at(fault.at, () => bed.proxy.set(fault.weather));
      return {};
    case 'unreachable':
      at(fault.at, async () => {
        await bed.proxy.set({ kind: 'refuse' });
        setTimeout(() => void bed.proxy.set({ kind: 'clear' }), fault.forMs).unref();
      });
      return {};
    case 'service':
      bed.artifacts.faults = { ...bed.artifacts.faults, [fault.point]: fault.fault };
      return {};
    case 'server':
      return strikeServer(stage, fault);
    case 'lock':
      at(fault.at, () => holdLock(bed, fault.forMs));
      return {};
    case 'signal':
      at(fault.at, (main) => {
        main.kill(fault.signal);
      });
      return {};
    case 'kill':
      at(fault.at, (main) => {
        killChild(main.pid, fault.program);
      });
      return {};
    case 'small disk': {
      const disk = await smallDisk(fault.megabytes);
      if (!disk) return {};
      afterwards(() => disk.remove());
      return { temp: disk.folder };
    }
    case 'little memory':
      return { env: { NODE_OPTIONS: `--max-old-space-size=${fault.megabytes}` } };
  }
}

function strikeServer(
  { bed, at, afterwards }: Stage,
  { at: moment, how }: Extract<RandomFault, { kind: 'server' }>,
): RunActionOptions {
  // The other fault of a pair may have stopped the server already.
  at(moment, () => disturb(bed.database, how).catch(() => undefined));
  afterwards(async () => {
    if (!bed.database.isRunning) await bed.database.start();
  });
  return {};
}

async function disturb(
  database: Database,
  how: Extract<RandomFault, { kind: 'server' }>['how'],
): Promise<void> {
  switch (how) {
    case 'terminate':
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postgres-backup-action'`,
      );
      return;
    case 'crash':
      await database.crash();
      return;
    case 'fast shutdown':
      await database.halt('fast');
  }
}

/** Ends early when the server stops. */
async function holdLock(bed: FaultBed, forMs: number): Promise<void> {
  const lock = `BEGIN; LOCK TABLE public.events_1; SELECT pg_sleep(${forMs / 1000}); COMMIT;`;
  await bed.database.sql(lock, 'large').catch(() => undefined);
}

/** Kills the children of the action that run this program, if there are any. */
function killChild(pid: number, program: string): void {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' '),
    );
    for (const child of children.filter((each) => each !== '')) {
      if (readFileSync(`/proc/${child}/comm`, 'utf8').trim() === program)
        process.kill(Number(child), 'SIGKILL');
    }
  } catch {
    // It, or the action itself, has just ended.
  }
}

/** Watches the log of a run, and acts at each of the given moments. */
function follow(moments: readonly [Moment, (main: StepHandle) => unknown][]): {
  readonly start: (main: StepHandle) => void;
  readonly line: (line: string) => void;
  readonly stop: () => Promise<void>;
} {
  let main: StepHandle | undefined;
  const waiting = new Set(moments);
  const timers: NodeJS.Timeout[] = [];
  const acts: unknown[] = [];
  return {
    start: (handle) => {
      main = handle;
    },
    line: (line) => {
      for (const moment of waiting) {
        const [{ line: begins, afterMs }, act] = moment;
        if (!line.startsWith(begins)) continue;
        waiting.delete(moment);
        timers.push(
          setTimeout(() => {
            if (!main) return;
            const acted = Promise.resolve(act(main));
            // Awaited in stop(), so an error fails this step.
            acted.catch(() => undefined);
            acts.push(acted);
          }, afterMs),
        );
      }
    },
    stop: async () => {
      timers.forEach(clearTimeout);
      await Promise.all(acts);
    },
  };
}

/** Deletes the artifacts and their records: they would fill the storage's memory in an hour. */
async function forgetArtifacts({ artifacts }: FaultBed): Promise<void> {
  for (const { id } of [...artifacts.artifacts(), ...artifacts.records()]) {
    await fetch(`${artifacts.apiUrl}/repos/${artifacts.repository}/actions/artifacts/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${artifacts.githubToken}` },
    });
  }
}
