import { UserError } from '../../errors.ts';
import { minute } from '../../runner/format.ts';
import { readRuntimeToken } from './runtime-token.ts';

/**
 * Checks, before any work, that artifacts can be uploaded.
 *
 * @param env the environment of the process.
 * @param now the token must be valid at this time.
 * @throws UserError on GitHub Enterprise Server and its like, which do not serve the protocol, outside a job, and when
 *   the token of the run is of no use.
 */
export function requireArtifactService(env: NodeJS.ProcessEnv, now: Date = new Date()): void {
  if (!isGitHubDotCom(env['GITHUB_SERVER_URL'] ?? 'https://github.com')) {
    throw new UserError(
      'storage',
      'This server is not GitHub.com: it does not support the artifact protocol for unzipped artifacts.',
      'Set "storage" to a bucket (s3://BUCKET/PREFIX) or a folder (./backups/): both work here.',
    );
  }
  for (const variable of ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL']) {
    if (env[variable]) continue;
    throw new UserError(
      'storage',
      `The runner has not given this step access to the artifact service (${variable} is not set).`,
      'Run the action as a "uses:" step of a job, with runner 2.327.1 or newer; or set "storage" to a bucket or a folder.',
    );
  }
  requireUsableToken(env['ACTIONS_RUNTIME_TOKEN'] ?? '', now);
}

function requireUsableToken(value: string, now: Date): void {
  const token = readRuntimeToken(value);
  if (!token) {
    throw new UserError(
      'storage',
      'The token of this step for the artifact service contains no run and no job (ACTIONS_RUNTIME_TOKEN).',
      'Do not set ACTIONS_RUNTIME_TOKEN in a step or "env:": the runner sets it for each "uses:" step.',
    );
  }
  if (token.expiresAt && token.expiresAt <= now) {
    throw new UserError(
      'storage',
      `The token of this job for the artifact service expired at ${minute(token.expiresAt)}, so nothing could be uploaded.`,
      'Run the job again: each job gets a new token. On a self-hosted runner, check its clock.',
    );
  }
}

/** The rule of `@actions/artifact` (`isGhes`): github.com, a tenant on ghe.com, or a local host. */
function isGitHubDotCom(serverUrl: string): boolean {
  const host = URL.parse(serverUrl)?.hostname.toLowerCase() ?? '';
  return host === 'github.com' || host.endsWith('.ghe.com') || host.endsWith('.localhost');
}
