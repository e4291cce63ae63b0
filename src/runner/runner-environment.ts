import path from 'node:path';
import { UserError } from '../errors.ts';

/** The runner's environment variables, read once and typed. */
export interface RunnerEnvironment {
  readonly workspace: string;
  readonly temp: string;
  /** `owner/name`; empty outside GitHub. */
  readonly repository: string;
  readonly runId: string;
  readonly serverUrl: string;
  /** The longest retention that the repository allows, in days; undefined when the runner does not say. */
  readonly retentionLimit: number | undefined;
}

/**
 * @param env the environment of the process.
 * @throws UserError when a variable is missing that every runner sets.
 */
export function readRunnerEnvironment(env: NodeJS.ProcessEnv): RunnerEnvironment {
  const temp = env['RUNNER_TEMP'];
  if (!temp) {
    throw new UserError(
      'runner',
      'RUNNER_TEMP is not set.',
      'This program is a step of a GitHub Actions job; to try it elsewhere, see "npm run demo" in the README.',
    );
  }
  const limit = Number(env['GITHUB_RETENTION_DAYS'] ?? '');
  return {
    workspace: path.resolve(env['GITHUB_WORKSPACE'] ?? process.cwd()),
    temp: path.resolve(temp),
    repository: env['GITHUB_REPOSITORY'] ?? '',
    runId: env['GITHUB_RUN_ID'] ?? '',
    serverUrl: env['GITHUB_SERVER_URL'] ?? 'https://github.com',
    retentionLimit: Number.isInteger(limit) && limit > 0 ? limit : undefined,
  };
}
