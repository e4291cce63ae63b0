import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArtifactService } from './artifact-service.ts';
import type { JsonObject } from './artifact-service-http.ts';
import { type Masker, createMasker } from './masking.ts';
import { REPOSITORY_ROOT } from './node-program.ts';
import { type ActionMetadata, inputValues, readActionMetadata } from './runner-action-metadata.ts';
import { type RunFacts, commandFiles, expressionContexts, stepEnvironment } from './runner-environment.ts';
import { type LeftFile, listFiles, readSmallFile } from './runner-left-files.ts';
import {
  type LeftProcess,
  type ProcessWatch,
  type SeenProcess,
  watchProcesses,
} from './runner-process-watch.ts';
import { type Leak, type SecrecyWatch, tellLeaks, watchSecrecy } from './runner-secrecy.ts';
import { type StepHandle, type StepRun, runStep } from './runner-step.ts';

/** How an action is run. Everything has a default. */
export interface RunActionOptions {
  /** The folder with `action.yml`; the repository's root when absent. */
  readonly action?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Variables of the step, as `env:` sets them; they win over the runner's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** A folder to work in, which is kept; a fresh one, which is removed, when absent. */
  readonly workspace?: string;
  readonly toolCache?: string;
  /** For `RUNNER_TEMP`, which is kept; a fresh one, which is removed, when absent. */
  readonly temp?: string;
  readonly eventName?: string;
  /** The event's payload; a private repository when absent. */
  readonly event?: JsonObject;
  /** Gives the URLs, tokens and the repository's name; without it there is no artifact service at all. */
  readonly artifactService?: ArtifactService;
  /** What must never be seen unmasked, nor on a command line. The tokens are watched for too. */
  readonly secrets?: readonly string[];
  /** What `github.token` is. */
  readonly token?: string;
  readonly runId?: number;
  /** The repository's limit (`GITHUB_RETENTION_DAYS`); 90 when absent. */
  readonly retentionDays?: number;
  /** Debug logging, as with `RUNNER_DEBUG=1`. */
  readonly debug?: boolean;
  /** Whether `post` runs; it does when absent. */
  readonly post?: boolean;
  /** Return leaks instead of failing. */
  readonly allowLeaks?: boolean;
  /** After so long a step is ended and the run fails; 100 s when absent. */
  readonly timeoutMs?: number;
  /** Told each line that a person sees, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Told the handle of main as soon as it runs. */
  readonly onStart?: (handle: StepHandle) => void;
  /** A signal for main at the first matching line, as when the run is cancelled: SIGTERM and SIGKILL follow. */
  readonly signalAfter?: { readonly match: RegExp; readonly signal: NodeJS.Signals };
}

/** What a run did: main's part at the top, post's below. */
export interface ActionRun extends StepRun {
  /** Absent when the action has no post, or it was told not to run. */
  readonly post?: StepRun;
  /** Names of files left after post (`temp/…`, `tmp/…`, `workspace/…`) that were not there before. */
  readonly leftFiles: readonly string[];
  /** Processes that outlived main or post. They have been ended by now. */
  readonly leftProcesses: readonly LeftProcess[];
  /** The processes that main and post started and that lived long enough to be seen. */
  readonly processes: readonly SeenProcess[];
  /** The most memory that main's own process had resident; undefined off Linux. */
  readonly peakRssBytes?: number;
  /** Empty unless leaks were allowed. */
  readonly leaks: readonly Leak[];
}

/** How long a process may take to end after its step has. */
const GRACE_MS = 500;

/**
 * Runs an action the way GitHub's runner does: inputs, environment, main, then post; and watches meanwhile that
 * no secret is seen. Off Linux, command lines and processes are not watched: there is no `/proc`.
 *
 * @throws Error when a secret was seen anywhere (unless leaks are allowed), or an input is not declared.
 */
export async function runAction(options: RunActionOptions = {}): Promise<ActionRun> {
  const action = resolve(REPOSITORY_ROOT, options.action ?? '.');
  const metadata = await readActionMetadata(action);
  const sandbox = await mkdtemp(join(tmpdir(), 'runner-'));
  try {
    const facts = await prepare(sandbox, options);
    const inputs = inputValues(metadata, options.inputs ?? {}, expressionContexts(facts));
    const run = await runPhases({ metadata, facts, inputs, options });
    if (run.leaks.length > 0 && options.allowLeaks !== true) throw new Error(tellLeaks(run.leaks));
    return run;
  } finally {
    await rm(sandbox, { recursive: true, force: true });
  }
}

async function prepare(sandbox: string, options: RunActionOptions): Promise<RunFacts> {
  const service = options.artifactService;
  const runId = options.runId ?? 1;
  const repository = service?.repository ?? 'example/shop';
  const folders = {
    workspace: resolve(options.workspace ?? join(sandbox, 'workspace')),
    temp: resolve(options.temp ?? join(sandbox, 'temp')),
    toolCache: resolve(options.toolCache ?? join(sandbox, 'tool-cache')),
    systemTemp: join(sandbox, 'tmp'),
    programs: join(sandbox, 'programs'),
  };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  // As on a real machine: a tool that gives up its rights must still get through to its temporary files.
  await chmod(sandbox, 0o755);
  await chmod(folders.systemTemp, 0o1777);
  return {
    folders,
    repository,
    runId,
    eventName: options.eventName ?? 'workflow_dispatch',
    event: options.event ?? { repository: { full_name: repository, private: true, visibility: 'private' } },
    token: options.token ?? service?.githubToken ?? `ghs_${randomBytes(27).toString('base64url')}`,
    apiUrl: service?.apiUrl ?? 'https://api.github.com',
    debug: options.debug ?? false,
    retentionDays: options.retentionDays ?? 90,
    ...(service ? { resultsUrl: service.resultsUrl, runtimeToken: service.runtimeTokenFor(runId) } : {}),
  };
}

interface Job {
  readonly metadata: ActionMetadata;
  readonly facts: RunFacts;
  readonly inputs: Readonly<Record<string, string>>;
  readonly options: RunActionOptions;
}

interface Watches {
  readonly masker: Masker;
  readonly secrecy: SecrecyWatch;
  readonly processes: ProcessWatch;
  readonly trackingId: string;
}

async function runPhases(job: Job): Promise<ActionRun> {
  const { facts, options } = job;
  const tokens = [facts.token, facts.runtimeToken].filter((token) => token !== undefined);
  const secrecy = watchSecrecy([...(options.secrets ?? []), ...tokens]);
  const masker = createMasker();
  tokens.forEach(masker.add);
  const before = new Set((await listFiles(facts.folders)).map(({ name }) => name));
  const trackingId = `github_${randomUUID()}`;
  const onCommandLine = (pid: number, argv: readonly string[]): void => {
    secrecy.look(`command line of process ${pid}`, argv.join(' '));
  };
  const processes = watchProcesses({ trackingId, onCommandLine });
  try {
    const run = await runMainAndPost(job, { masker, secrecy, processes, trackingId });
    const left = (await listFiles(facts.folders)).filter(({ name }) => !before.has(name));
    await lookThroughFiles(left, secrecy);
    return {
      ...run,
      leftFiles: left.map(({ name }) => name),
      processes: processes.seen(),
      leaks: secrecy.leaks,
    };
  } finally {
    processes.stop();
    await processes.killAlive();
  }
}

async function runMainAndPost(
  job: Job,
  watches: Watches,
): Promise<Omit<ActionRun, 'leftFiles' | 'processes' | 'leaks'>> {
  const { metadata, options } = job;
  const main = await runPhase(job, watches, 'main', metadata.main, {});
  const peakRssBytes = watches.processes.peakRssBytes();
  const wanted = options.post !== false && postRuns(metadata.postIf, main.step);
  const post =
    metadata.post !== undefined && wanted
      ? await runPhase(job, watches, 'post', metadata.post, main.step)
      : undefined;
  return {
    ...main.step,
    ...(post ? { post: post.step } : {}),
    leftProcesses: [...main.left, ...(post?.left ?? [])],
    ...(peakRssBytes === undefined ? {} : { peakRssBytes }),
  };
}

async function runPhase(
  { facts, inputs, options }: Job,
  { masker, secrecy, processes, trackingId }: Watches,
  name: 'main' | 'post',
  script: string,
  earlier: Partial<StepRun>,
): Promise<{ step: StepRun; left: LeftProcess[] }> {
  const files = commandFiles(facts.folders.temp);
  await mkdir(dirname(files.event), { recursive: true });
  await writeFile(files.event, JSON.stringify(facts.event));
  const environment = stepEnvironment(facts, files, inputs);
  const step = await runStep({
    script,
    cwd: facts.folders.workspace,
    env: withEarlier(environment, earlier, { ...options.env, RUNNER_TRACKING_ID: trackingId }),
    files,
    masker,
    showDebug: facts.debug,
    timeoutMs: options.timeoutMs ?? 100_000,
    onStart: (handle) => {
      processes.follow(handle.pid);
      if (name === 'main') options.onStart?.(handle);
    },
    ...(options.onLine ? { onLine: options.onLine } : {}),
    ...(options.signalAfter && name === 'main' ? { signalAfter: options.signalAfter } : {}),
  });
  lookThroughStep(name, step, secrecy);
  const alive = await aliveAfterGrace(processes);
  return { step, left: alive.map((process) => ({ after: name, ...process })) };
}

/** Post sees what main saved for it, and what it set for the steps after it. */
function withEarlier(
  environment: Readonly<Record<string, string>>,
  { state = {}, env = {}, path = [] }: Partial<StepRun>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const all: Record<string, string> = { ...environment, ...env };
  for (const [name, value] of Object.entries(state)) all[`STATE_${name}`] = value;
  Object.assign(all, own);
  return { ...all, PATH: [...path.toReversed(), all['PATH'] ?? ''].join(delimiter) };
}

function postRuns(condition: string, main: StepRun): boolean {
  const answers: Readonly<Record<string, boolean>> = {
    'always()': true,
    'success()': main.exitCode === 0,
    'failure()': main.exitCode !== 0,
  };
  const answer = answers[condition];
  if (answer === undefined) throw new Error(`The test bed cannot evaluate "post-if: ${condition}".`);
  return answer;
}

async function aliveAfterGrace(watch: ProcessWatch): Promise<ReturnType<ProcessWatch['alive']>> {
  const until = Date.now() + GRACE_MS;
  while (watch.alive().length > 0 && Date.now() < until) await sleep(20);
  return watch.alive();
}

function lookThroughStep(name: 'main' | 'post', step: StepRun, secrecy: SecrecyWatch): void {
  secrecy.look(`${name}: log`, step.log);
  secrecy.look(`${name}: debug messages`, step.debug.join('\n'));
  secrecy.look(`${name}: summary`, step.summary);
  for (const annotation of step.annotations)
    secrecy.look(`${name}: annotation`, Object.values(annotation).join('\n'));
  for (const kind of ['outputs', 'state', 'env'] as const) {
    for (const [key, value] of Object.entries(step[kind]))
      secrecy.look(`${name}: ${kind} ${key}`, `${key}=${value}`);
  }
}

async function lookThroughFiles(left: readonly LeftFile[], secrecy: SecrecyWatch): Promise<void> {
  for (const { name, path } of left) {
    secrecy.look('name of a file left behind', name);
    secrecy.look(`file left behind: ${name}`, await readSmallFile(path));
  }
}
