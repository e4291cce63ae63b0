import { UserError } from '../errors.ts';
import { minute } from '../runner/format.ts';

/** GitHub refused a request, and would refuse it again. */
export class GitHubRefusal extends UserError {
  /** The HTTP status; 401 also when there is no token. */
  readonly status: number;

  constructor(status: number, message: string, hint: string, options?: ErrorOptions) {
    super('github', message, hint, options);
    this.status = status;
  }
}

/** Too many requests: GitHub refuses further ones until `until`. */
export class RateLimited extends UserError {
  readonly until: Date;

  constructor(until: Date, options?: ErrorOptions) {
    super(
      'github',
      `GitHub's rate limit for github-token is used up until ${minute(until)}.`,
      'Run the job again after that. All job tokens of a repository share 1,000 requests per hour.',
      options,
    );
    this.until = until;
  }
}

/** An error response of GitHub. */
export interface FailedAnswer {
  readonly status: number;
  /** By name, in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** What the request was for. */
export interface Subject {
  /** `owner/name`. */
  readonly repository: string;
  /** Whether the job runs in that repository. */
  readonly isOwnRepository: boolean;
  /** The permission for `actions` that the request needs. */
  readonly permission: 'read' | 'write';
}

/** How long to wait if GitHub does not say. */
const DEFAULT_WAIT_MS = 60_000;
const LONGEST_MESSAGE = 200;

/**
 * When requests are accepted again, by GitHub's documentation ("Rate limits for the REST API").
 *
 * @returns undefined when the answer is not about a rate limit.
 */
export function rateLimitEnd({ status, headers, message }: FailedAnswer, now: Date): Date | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const seconds = wholeSeconds(headers['retry-after']);
  if (seconds !== undefined) return new Date(now.getTime() + seconds * 1000);
  const reset = wholeSeconds(headers['x-ratelimit-reset']);
  if (headers['x-ratelimit-remaining'] === '0' && reset !== undefined) return new Date(reset * 1000);
  if (status === 429 || /rate limit|abuse detection/i.test(message)) {
    return new Date(now.getTime() + DEFAULT_WAIT_MS);
  }
  return undefined;
}

/**
 * A refusal, explained with what to change.
 *
 * @returns undefined for a failure of GitHub (5xx): the same request may succeed later.
 */
export function refusal(answer: FailedAnswer, subject: Subject): GitHubRefusal | undefined {
  const { status } = answer;
  if (status < 400 || status >= 500) return undefined;
  const said = `${status}: ${answer.message.slice(0, LONGEST_MESSAGE)}`;
  const [message, hint] = messageAndHint(status, said, subject);
  return new GitHubRefusal(status, message, hint);
}

function messageAndHint(status: number, said: string, subject: Subject): readonly [string, string] {
  const { repository, isOwnRepository, permission } = subject;
  const work = permission === 'read' ? 'read' : 'delete';
  switch (status) {
    case 401:
      return [
        `github-token: GitHub does not accept the token (${said}).`,
        'It is wrong, has expired or was revoked: replace it, or remove github-token to use the token of the job.',
      ];
    case 403:
      return [
        `github-token: the token lacks the permission to ${work} the artifacts of ${repository} (${said}).`,
        howToAllow(subject),
      ];
    case 404:
      return [
        `${isOwnRepository ? 'github-token' : 'repository'}: ${repository} does not exist, or the token has no access to it (${said}).`,
        howToAllow(subject),
      ];
    case 410:
      return [`The artifact has expired or was deleted (${said}).`, 'Choose another backup.'];
    default:
      return [
        `GitHub refused to ${work} the artifacts of ${repository} (${said}).`,
        'Run the job again; if the error persists, open an issue for this action.',
      ];
  }
}

function howToAllow({ repository, isOwnRepository, permission }: Subject): string {
  return isOwnRepository
    ? `Add "permissions: { actions: ${permission}, contents: read }" to the job; permissions that are not listed there are removed.`
    : `github-token needs a token with "actions: ${permission}" in ${repository}, from a secret: the job's own token has access to its own repository only.`;
}

function wholeSeconds(header: unknown): number | undefined {
  const text = typeof header === 'number' ? String(header) : header;
  return typeof text === 'string' && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
