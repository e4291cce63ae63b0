import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { JsonObject } from './artifact-service-http.ts';
import { type ActionRun, runAction } from './runner.ts';
import { parsePairs, parsePaths } from './runner-command-files.ts';
import type { Contexts } from './workflow-expressions.ts';
import type { WorkflowSetting } from './workflow-run.ts';
import { textOf, texts } from './workflow-yaml.ts';

/** What a step needs of the job around it. */
export interface StepSetting {
  readonly setting: WorkflowSetting;
  readonly token: string;
  readonly runId: number;
  readonly workspace: string;
  /** For the runner's own files. */
  readonly temporary: string;
  readonly contexts: Contexts;
  /** Of the workflow, the job, and what steps before it have set. */
  readonly env: Readonly<Record<string, string>>;
  /** A text with its expressions evaluated and the addresses of services replaced. */
  filled(text: string, contexts: Contexts): string;
}

/** What a step did. */
export interface StepResult {
  readonly outcome: 'success' | 'failure' | 'skipped';
  /** Of a step with one of the bundled actions. */
  readonly action?: ActionRun;
  readonly log: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
}

const OURS = /^OWNER\/postgres-backup-action(?:\/(?<folder>restore|prune|check))?@v1$/;
const NOTHING: StepResult = { outcome: 'success', log: '', summary: '', outputs: {}, env: {}, path: [] };

/**
 * Runs a step: one of the bundled actions as the runner would, `run:` with bash. `actions/checkout` does nothing, because the test
 * has filled the workspace.
 *
 * @param added the folders that steps before it have put first on PATH.
 * @throws Error for any other action.
 */
export async function runWorkflowStep(
  step: JsonObject,
  given: StepSetting,
  added: readonly string[],
): Promise<StepResult> {
  const own = texts(step['env'], (value) => given.filled(value, given.contexts));
  const env = { ...given.env, ...own };
  const uses = textOf(step['uses']);
  if (uses === '') return runScript(textOf(step['run']), { ...given, env }, added);
  if (uses.startsWith('actions/checkout@')) return NOTHING;
  const ours = OURS.exec(uses);
  if (!ours) throw new Error(`The test bed cannot run ${uses}.`);
  const { setting, token, runId, workspace } = given;
  await mkdir(workspace, { recursive: true });
  const action = await runAction({
    action: ours.groups?.['folder'] ?? '.',
    inputs: texts(step['with'], (value) => given.filled(value, given.contexts)),
    ...{ env, token, runId, workspace, toolCache: setting.toolCache, artifactService: setting.artifacts },
    ...(setting.eventName === undefined ? {} : { eventName: setting.eventName }),
    ...(setting.event === undefined ? {} : { event: setting.event }),
    ...(setting.watched === undefined ? {} : { secrets: setting.watched }),
  });
  const { exitCode, log, summary, outputs, path: folders } = action;
  const outcome = exitCode === 0 ? 'success' : 'failure';
  return { outcome, action, log, summary, outputs, env: action.env, path: folders };
}

async function runScript(
  script: string,
  { setting, env, workspace, temporary }: StepSetting,
  added: readonly string[],
): Promise<StepResult> {
  if (script.includes('${{')) throw new Error(`An expression in a script would be code: ${script}`);
  const files = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY'];
  const fileOf = (name: string): string => path.join(temporary, name);
  await mkdir(workspace, { recursive: true });
  for (const name of files) await writeFile(fileOf(name), '');
  const child = spawn('bash', ['--noprofile', '--norc', '-e', '-c', script], {
    cwd: workspace,
    env: {
      PATH: [...added, ...(setting.programs ?? []), '/usr/bin', '/bin'].join(':'),
      ...Object.fromEntries(files.map((name) => [name, fileOf(name)])),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, out, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  const read = (name: string): Promise<string> => readFile(fileOf(name), 'utf8');
  return {
    outcome: code === 0 ? 'success' : 'failure',
    log: out + errors,
    summary: await read('GITHUB_STEP_SUMMARY'),
    outputs: parsePairs(await read('GITHUB_OUTPUT')),
    env: parsePairs(await read('GITHUB_ENV')),
    path: parsePaths(await read('GITHUB_PATH')),
  };
}
