import { readFileSync, readdirSync } from 'node:fs';
import type { Database } from '../support/database.ts';
import { fastClock } from '../support/fast-clock.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import type { StepHandle } from '../support/runner-step.ts';
import { smallDisk } from '../support/small-disk.ts';
import { type FaultBed, backUp } from './fault-bed.ts';
import type { Outcome } from './fault-case.ts';
import { brokenPromises } from './promises.ts';
import type { Moment, RandomFault, Step } from './random-walk.ts';

/** What came of a step. */
export interface RandomStrike {
  readonly outcome: Outcome;
  /** In sentences; none when every promise was kept. */
  readonly broken: readonly string[];
  readonly run: ActionRun;
}

/** What a fault needs from the run, and what it gives to it. */
interface Stage {
  readonly bed: FaultBed;
  /** Does something at a moment of the run. */
  readonly at: (moment: Moment, act: (main: StepHandle) => unknown) => void;
  /** Takes a fault back when the run is over. */
  readonly afterwards: (undo: () => Promise<unknown>) => void;
}

/** Anyone can read it; the tests need no secret key. */
const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

/** Runs one step of a walk, holds it against the promises, and leaves the bed as it was. */
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
      ...(step.encrypted ? { 'age-recipients': RECIPIENT } : {}),
      ...(step.kept ? { path: 'kept.bak' } : {}),
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
  const published = bed.artifacts.artifacts().some(({ id, name }) => !before.has(id) && saysSo(run, name));
  const kept = run.exitCode === 0 && step.kept ? ['workspace/kept.bak'] : [];
  const broken = await brokenPromises(
    bed,
    { ...run, leftFiles: run.leftFiles.filter((file) => !kept.includes(file)) },
    { outcome, says: /(?:)/, published: outcome !== 'green' && published, before },
  );
  await forgetArtifacts(bed);
  return { outcome, broken, run };
}

function outcomeOf({ exitCode }: ActionRun): Outcome {
  if (exitCode === 0) return 'green';
  return exitCode === 1 ? 'red' : 'killed';
}

/** Whether a run that failed says all the same that this artifact was published. */
function saysSo(run: ActionRun, artifact: string): boolean {
  const annotations = [...run.annotations, ...(run.post?.annotations ?? [])];
  return annotations.some(({ message }) => message.includes(artifact));
}

function merged(one: RunActionOptions, other: RunActionOptions): RunActionOptions {
  const nodeOptions = [one.env?.['NODE_OPTIONS'], other.env?.['NODE_OPTIONS']].filter(Boolean).join(' ');
  return { ...one, ...other, env: { ...one.env, ...other.env, NODE_OPTIONS: nodeOptions } };
}

/** Makes a fault, or sees to it that it is made in its moment. */
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

/** It ends with the server too. */
async function holdLock(bed: FaultBed, forMs: number): Promise<void> {
  const lock = `BEGIN; LOCK TABLE public.events_1; SELECT pg_sleep(${forMs / 1000}); COMMIT;`;
  await bed.database.sql(lock, 'large').catch(() => undefined);
}

/** Kills a child of the action that runs this program, if there is one just then. */
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

/** Does what is to be done at the moments of a run. */
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
            // It is told at the end, as what broke this step.
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

/** They would fill the storage's memory in an hour. */
async function forgetArtifacts({ artifacts }: FaultBed): Promise<void> {
  for (const { id } of artifacts.artifacts()) {
    await fetch(`${artifacts.apiUrl}/repos/${artifacts.repository}/actions/artifacts/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${artifacts.githubToken}` },
    });
  }
}
