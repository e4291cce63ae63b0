import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { JsonObject } from './artifact-service-http.ts';

/** The folders of one run. */
export interface RunnerFolders {
  readonly workspace: string;
  readonly temp: string;
  readonly toolCache: string;
  /** For `TMPDIR`, so that what a step leaves in the system's temporary folder is seen too. */
  readonly systemTemp: string;
  /** For `PATH`: nothing is in it, so that what is installed on the machine is not found. */
  readonly programs: string;
}

/** What the environment of a run is made from. */
export interface RunFacts {
  readonly folders: RunnerFolders;
  readonly repository: string;
  readonly runId: number;
  readonly eventName: string;
  readonly event: JsonObject;
  readonly token: string;
  readonly apiUrl: string;
  readonly debug: boolean;
  readonly retentionDays: number;
  readonly resultsUrl?: string;
  readonly runtimeToken?: string;
}

/** The files by which one phase of a step speaks to the runner, and that of the event. */
export interface CommandFiles {
  readonly output: string;
  readonly state: string;
  readonly env: string;
  readonly path: string;
  readonly summary: string;
  readonly event: string;
}

/** Folders under `RUNNER_TEMP` that are the runner's own. */
export const RUNNERS_OWN = ['_runner_file_commands', '_github_workflow'] as const;

/** Where the files of one phase are; they are the runner's to make. */
export function commandFiles(temp: string): CommandFiles {
  const [commands, workflow] = RUNNERS_OWN;
  const id = randomUUID();
  return {
    output: join(temp, commands, `set_output_${id}`),
    state: join(temp, commands, `save_state_${id}`),
    env: join(temp, commands, `set_env_${id}`),
    path: join(temp, commands, `add_path_${id}`),
    summary: join(temp, commands, `step_summary_${id}`),
    event: join(temp, workflow, 'event.json'),
  };
}

/** The `github` and `runner` contexts, as expressions see them. */
export function expressionContexts(facts: RunFacts): JsonObject {
  const { folders, event, token } = facts;
  const variables = Object.entries(githubVariables(facts));
  const github = Object.fromEntries(
    variables.map(([name, value]) => [name.slice('GITHUB_'.length).toLowerCase(), value]),
  );
  return {
    github: { ...github, token, event },
    runner: { os: RUNNER_OS, arch: RUNNER_ARCH, temp: folders.temp, tool_cache: folders.toolCache },
  };
}

/** The whole environment of one phase of a step. */
export function stepEnvironment(
  facts: RunFacts,
  files: CommandFiles,
  inputs: Readonly<Record<string, string>>,
): Record<string, string> {
  const { folders, resultsUrl, runtimeToken } = facts;
  return {
    ...inheritedVariables(),
    ...githubVariables(facts),
    CI: 'true',
    PATH: folders.programs,
    TMPDIR: folders.systemTemp,
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_PATH: files.event,
    GITHUB_OUTPUT: files.output,
    GITHUB_STATE: files.state,
    GITHUB_ENV: files.env,
    GITHUB_PATH: files.path,
    GITHUB_STEP_SUMMARY: files.summary,
    RUNNER_OS,
    RUNNER_ARCH,
    RUNNER_NAME: 'Test bed',
    RUNNER_ENVIRONMENT: 'github-hosted',
    RUNNER_TEMP: folders.temp,
    RUNNER_TOOL_CACHE: folders.toolCache,
    RUNNER_WORKSPACE: folders.workspace,
    ...(facts.debug ? { RUNNER_DEBUG: '1' } : {}),
    ...(resultsUrl === undefined ? {} : { ACTIONS_RESULTS_URL: resultsUrl }),
    ...(runtimeToken === undefined ? {} : { ACTIONS_RUNTIME_TOKEN: runtimeToken }),
    ...Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [
        `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
        value,
      ]),
    ),
  };
}

const RUNNER_OS =
  process.platform === 'darwin' ? 'macOS' : process.platform === 'win32' ? 'Windows' : 'Linux';
const RUNNER_ARCH = process.arch === 'arm64' ? 'ARM64' : 'X64';

function githubVariables({
  repository,
  runId,
  eventName,
  apiUrl,
  folders,
  retentionDays,
}: RunFacts): Record<string, string> {
  return {
    GITHUB_ACTION: '__self',
    GITHUB_ACTOR: 'octocat',
    GITHUB_API_URL: apiUrl,
    GITHUB_EVENT_NAME: eventName,
    GITHUB_GRAPHQL_URL: `${apiUrl}/graphql`,
    GITHUB_JOB: 'backup',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REF_NAME: 'main',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REPOSITORY: repository,
    GITHUB_REPOSITORY_OWNER: repository.split('/')[0] ?? '',
    GITHUB_RETENTION_DAYS: String(retentionDays),
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: String(runId),
    GITHUB_RUN_NUMBER: '7',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: 'ffac537e6cbbf934b08745a378932722df287a53',
    GITHUB_WORKFLOW: 'Backup',
    GITHUB_WORKSPACE: folders.workspace,
  };
}

const PASSED_ON =
  /^(?:HOME|LANG|(?:https?|all)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR)|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE)$/i;

/** What a step has from the machine: home, language, proxies, certificates. */
function inheritedVariables(): Record<string, string> {
  const passed = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && PASSED_ON.test(name) ? [[name, value] as const] : [],
  );
  const direct = [process.env['NO_PROXY'] ?? process.env['no_proxy'], '127.0.0.1', 'localhost']
    .filter(Boolean)
    .join(',');
  return { ...Object.fromEntries(passed), NO_PROXY: direct, no_proxy: direct };
}
