import { UserError, cancelledOr } from '../errors.ts';
import { pause } from '../process/retry.ts';
import { duration } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { type FailedAnswer, GitHubRefusal, RateLimited, rateLimitEnd, refusal } from './github-failure.ts';
import { isJsonObject } from './json.ts';
import { type Bounds, USUAL_RETRIES, retryWithTimeout, reasonOf } from '../runner/retry-policy.ts';

/** A repository, and the token to access it with. */
export interface RepositoryAccess extends Bounds {
  readonly repository: { readonly owner: string; readonly repo: string };
  /** Whether the job runs in that repository. */
  readonly isOwnRepository: boolean;
  /** `github-token`; empty when there is none. */
  readonly token: string;
  /** The environment of the process, with the URL of GitHub's API. */
  readonly env: NodeJS.ProcessEnv;
}

/** One call of the REST API. */
export interface GitHubCall<T> {
  /** Such as `GET /repos/{owner}/{repo}/actions/artifacts`; owner and repo are filled in. */
  readonly route: string;
  readonly parameters?: Readonly<Record<string, string | number>>;
  /** The permission for `actions` that it needs. */
  readonly permission: 'read' | 'write';
  /** `manual` returns the redirect itself. A repository that was renamed needs `follow`. */
  readonly redirect?: 'follow' | 'manual';
  /** Extracts the result from the answer; if it throws, the answer was unexpected and the call is repeated. */
  readonly read: (answer: GitHubAnswer) => T;
}

export interface GitHubAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

/** GitHub's REST API for one repository. */
export interface GitHubApi {
  /** `owner/name`. */
  readonly repository: string;
  /**
   * Makes a call. Each attempt has a timeout; failures of the network and of GitHub are retried, as
   * `Bounds` says; a rate limit is waited for twice at most, if it ends within a minute each time. So a call ends within
   * 381 s in any case (three times 87 s, and two minutes of waiting), and at once when it is aborted.
   *
   * @throws GitHubRefusal naming the permission that is missing; RateLimited; UserError when GitHub cannot be reached;
   *   the signal's reason.
   */
  call<T>(call: GitHubCall<T>): Promise<T>;
}

const MOST_WAITS = 2;

/** @throws GitHubRefusal when there is no token. */
export async function connectToGitHub(access: RepositoryAccess): Promise<GitHubApi> {
  const { owner, repo } = access.repository;
  const repository = `${owner}/${repo}`;
  if (access.token === '') {
    throw new GitHubRefusal(
      401,
      `github-token is empty, and the artifacts of ${repository} cannot be listed without a token.`,
      'Remove github-token to use the token of the job, or check that the secret exists and is available to this job.',
    );
  }
  const request = await requester(access);
  const once = async <T>(call: GitHubCall<T>, signal: AbortSignal): Promise<T> => {
    try {
      return call.read(await request(call, signal));
    } catch (error) {
      const answer = failedAnswer(error);
      if (!answer) throw error;
      const until = rateLimitEnd(answer, new Date());
      if (until) throw new RateLimited(until, { cause: error });
      throw refusal(answer, { ...access, repository, permission: call.permission }) ?? error;
    }
  };
  return {
    repository,
    call: (call) =>
      afterRateLimits(access, () =>
        retryWithTimeout('GitHub', access, (signal) => once(call, signal)).catch((error: unknown) => {
          throw cancelledOr(access.signal, () => (error instanceof UserError ? error : unreachable(error)));
        }),
      ),
  };
}

/**
 * Octokit, as GitHub's own toolkit configures it (proxies included). Its retry plugin is not used: its pauses
 * cannot be aborted (measured: 14 s from the signal to the error), and it ignores rate limits.
 */
async function requester({
  repository,
  token,
  env,
}: RepositoryAccess): Promise<(call: GitHubCall<unknown>, signal: AbortSignal) => Promise<GitHubAnswer>> {
  // Loaded here, because the action starts faster without it.
  const { getOctokit } = await import('@actions/github');
  const octokit = getOctokit(token, {
    baseUrl: env['GITHUB_API_URL'] ?? 'https://api.github.com',
    log: { debug: ignore, info: ignore, warn: tell, error: tell },
  });
  return ({ route, parameters, redirect = 'follow' }, signal) =>
    octokit.request(route, { ...parameters, ...repository, request: { signal, redirect } });
}

async function afterRateLimits<T>(
  { signal, retries = USUAL_RETRIES }: Bounds,
  work: () => Promise<T>,
): Promise<T> {
  for (let waits = 0; ; waits++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RateLimited)) throw error;
      const milliseconds = Math.max(0, error.until.getTime() - Date.now());
      if (waits === MOST_WAITS || milliseconds > retries.longestWaitMs) throw error;
      log.info(`GitHub's rate limit is used up; waiting ${duration(milliseconds)} for it to reset`);
      await pause(milliseconds, signal);
    }
  }
}

/** GitHub's answer, from Octokit's RequestError; undefined when there was none. */
function failedAnswer(error: unknown): FailedAnswer | undefined {
  if (!Error.isError(error) || !('response' in error) || !isJsonObject(error.response)) return undefined;
  const { status, headers, data } = error.response;
  if (typeof status !== 'number') return undefined;
  const message = isJsonObject(data) && typeof data['message'] === 'string' ? data['message'] : error.message;
  return { status, headers: isJsonObject(headers) ? headers : {}, message };
}

function unreachable(error: unknown): UserError {
  return new UserError(
    'github',
    `The request to the GitHub API failed: ${reasonOf(error)}`,
    'GitHub may have an outage (githubstatus.com), or the runner cannot reach it. Run the job again.',
    { cause: error },
  );
}

function ignore(): void {
  // Octokit logs every request.
}

function tell(message: string): void {
  log.debug(message);
}
