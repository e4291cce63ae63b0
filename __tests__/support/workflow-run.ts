import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import type { ArtifactService } from './artifact-service.ts';
import type { JsonObject } from './artifact-service-http.ts';
import type { Database } from './database.ts';
import { type Contexts, interpolate, meets } from './workflow-expressions.ts';
import { type StepResult, type StepSetting, runWorkflowStep } from './workflow-step.ts';
import { objectOf, textOf, texts } from './workflow-yaml.ts';

/** Where a workflow runs, and what its repository has. */
export interface WorkflowSetting {
  readonly artifacts: ArtifactService;
  readonly toolCache: string;
  readonly secrets?: Readonly<Record<string, string>>;
  /** The answers to the questions of `workflow_dispatch`; its defaults otherwise. */
  readonly inputs?: Readonly<Record<string, string | boolean>>;
  readonly eventName?: string;
  readonly event?: JsonObject;
  /** What `actions/checkout` would put there; an empty folder when absent. */
  readonly workspace?: string;
  /** Folders with the programs of the runner's image, for `run:`. */
  readonly programs?: readonly string[];
  /** Stands for the containers in `services:`, whose ports and passwords become its own. */
  readonly service?: Database;
  /** What the machine has in the environment of every step. */
  readonly env?: Readonly<Record<string, string>>;
  /** The same, where the job has the permission `id-token: write`. */
  readonly idTokenEnv?: Readonly<Record<string, string>>;
  /** What must never be seen unmasked. */
  readonly watched?: readonly string[];
}

/** A job that ran, once for each combination of its matrix. */
export interface JobResult {
  readonly failed: boolean;
  readonly steps: readonly StepResult[];
}

let runs = 0;

/** Runs the jobs of a workflow one after the other, as far as the jobs of the documentation go, on the bundled actions. */
export async function runWorkflow(text: string, setting: WorkflowSetting): Promise<JobResult[]> {
  const workflow = objectOf(parse(text, { schema: 'failsafe' }));
  const runId = (runs += 1);
  const results: JobResult[] = [];
  for (const job of Object.values(objectOf(workflow['jobs'])).map(objectOf)) {
    for (const matrix of combinations(objectOf(objectOf(job['strategy'])['matrix']))) {
      const result = await runJob({ workflow, job, matrix, runId, setting });
      if (result) results.push(result);
    }
  }
  return results;
}

interface Job {
  readonly workflow: JsonObject;
  readonly job: JsonObject;
  readonly matrix: Readonly<Record<string, string>>;
  readonly runId: number;
  readonly setting: WorkflowSetting;
}

/** @returns undefined when its `if:` says that it does not run. */
async function runJob(given: Job): Promise<JobResult | undefined> {
  const { workflow, job, setting } = given;
  const permissions = objectOf(job['permissions'] ?? workflow['permissions']);
  const rights = { repositories: [setting.artifacts.repository], actions: levelOf(permissions['actions']) };
  const token = setting.artifacts.tokenFor(rights);
  const contexts = contextsOf(given, token);
  if (!meets(textOf(job['if']) || 'true', contexts, false)) return undefined;
  const replaced = await serviceAddresses(objectOf(job['services']), setting.service);
  const filled = (text: string, known: Contexts): string =>
    replaced.reduce((value, [from, to]) => value.replaceAll(from, to), interpolate(text, known));
  const temporary = await mkdtemp(path.join(tmpdir(), 'workflow-'));
  const step: StepSetting = {
    setting,
    token,
    runId: given.runId,
    workspace: setting.workspace ?? path.join(temporary, 'workspace'),
    temporary,
    contexts,
    env: {
      ...setting.env,
      ...(permissions['id-token'] === 'write' ? setting.idTokenEnv : {}),
      ...texts(workflow['env'], (text) => filled(text, contexts)),
      ...texts(job['env'], (text) => filled(text, contexts)),
    },
    filled,
  };
  try {
    return await runSteps(Array.isArray(job['steps']) ? job['steps'].map(objectOf) : [], step);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function runSteps(steps: readonly JsonObject[], start: StepSetting): Promise<JobResult> {
  const results: StepResult[] = [];
  const ran: Record<string, unknown> = {};
  let { env } = start;
  let added: readonly string[] = [];
  for (const step of steps) {
    const failed = results.some(({ outcome }) => outcome === 'failure');
    const job = { status: failed ? 'failure' : 'success' };
    const contexts = { ...start.contexts, steps: ran, job, env };
    const result: StepResult = meets(textOf(step['if']) || 'true', contexts, failed)
      ? await runWorkflowStep(step, { ...start, contexts, env }, added)
      : { outcome: 'skipped', log: '', summary: '', outputs: {}, env: {}, path: [] };
    results.push(result);
    env = { ...env, ...result.env };
    added = [...result.path.toReversed(), ...added];
    const { outcome, outputs } = result;
    if (textOf(step['id']) !== '') ran[textOf(step['id'])] = { outcome, conclusion: outcome, outputs };
  }
  return { failed: results.some(({ outcome }) => outcome === 'failure'), steps: results };
}

function contextsOf({ workflow, matrix, runId, setting }: Job, token: string): Contexts {
  const eventName = setting.eventName ?? 'workflow_dispatch';
  const { repository } = setting.artifacts;
  return {
    github: {
      ...{ token, repository, event_name: eventName, event: setting.event ?? {} },
      ...{ run_id: String(runId), server_url: 'https://github.com' },
    },
    secrets: setting.secrets ?? {},
    vars: {},
    inputs: { ...defaultAnswers(workflow), ...setting.inputs },
    matrix,
    env: {},
    steps: {},
    job: {},
  };
}

function defaultAnswers(workflow: JsonObject): Record<string, string | boolean> {
  const questions = objectOf(objectOf(objectOf(workflow['on'])['workflow_dispatch'])['inputs']);
  return Object.fromEntries(
    Object.entries(questions).map(([name, question]) => {
      const { type, default: byDefault, options } = objectOf(question);
      const first: unknown = Array.isArray(options) ? options[0] : '';
      return [name, type === 'boolean' ? byDefault === 'true' : textOf(byDefault ?? first)];
    }),
  );
}

/** Each combination of the lists of a matrix; a single empty one without a matrix. */
function combinations(matrix: JsonObject): Record<string, string>[] {
  return Object.entries(matrix).reduce<Record<string, string>[]>(
    (all, [name, values]) =>
      all.flatMap((one) =>
        (Array.isArray(values) ? values : []).map((value) => ({ ...one, [name]: textOf(value) })),
      ),
    [{}],
  );
}

/** What the address of each container of `services:` is replaced with. Its database is made, and is empty. */
async function serviceAddresses(
  services: JsonObject,
  server: Database | undefined,
): Promise<[string, string][]> {
  const replaced: [string, string][] = [];
  for (const service of Object.values(services).map(objectOf)) {
    const { POSTGRES_PASSWORD, POSTGRES_DB } = texts(service['env'], (text) => text);
    const [port = ''] = Array.isArray(service['ports']) ? service['ports'].map(textOf) : [];
    if (!server || !/^\d+:5432$/.test(port))
      throw new Error('A service needs ports, and a server in its place.');
    if (POSTGRES_DB !== undefined) {
      await server.query(`DROP DATABASE IF EXISTS ${POSTGRES_DB} WITH (FORCE)`);
      await server.createDatabase(POSTGRES_DB);
    }
    const from = `postgres:${POSTGRES_PASSWORD ?? ''}@127.0.0.1:${port.split(':')[0] ?? ''}/`;
    replaced.push([from, `postgres:${encodeURIComponent(server.password)}@127.0.0.1:${server.port}/`]);
  }
  return replaced;
}

function levelOf(value: unknown): 'none' | 'read' | 'write' {
  return value === 'read' || value === 'write' ? value : 'none';
}
