import { UserError } from '../errors.ts';

/**
 * Makes sure, before any work, that there is a service that can take the artifact.
 *
 * @param env the environment of the process.
 * @throws UserError on GitHub Enterprise Server and its like, which do not serve the protocol, and outside a job.
 */
export function requireArtifactService(env: NodeJS.ProcessEnv): void {
  if (!isGitHubDotCom(env['GITHUB_SERVER_URL'] ?? 'https://github.com')) {
    throw new UserError(
      'This server is not GitHub.com: it does not serve the artifact protocol that unzipped artifacts need.',
      'Set "upload: false" and "path", and keep the file with a step of your own.',
    );
  }
  for (const variable of ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL']) {
    if (env[variable]) continue;
    throw new UserError(
      `The runner has not given this step the artifact service (${variable} is not set).`,
      'Run the action as a "uses:" step of a job, with runner 2.327.1 or newer; or set "upload: false" and "path".',
    );
  }
}

/** The rule of `@actions/artifact` (`isGhes`): github.com, a tenant on ghe.com, or a local host. */
function isGitHubDotCom(serverUrl: string): boolean {
  const host = URL.parse(serverUrl)?.hostname.toLowerCase() ?? '';
  return host === 'github.com' || host.endsWith('.ghe.com') || host.endsWith('.localhost');
}
