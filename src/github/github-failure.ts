import { UserError } from '../errors.ts';
import { minute } from '../runner/format.ts';

/** GitHub has understood a request and will not serve it, however often it is asked. */
export class GitHubRefusal extends UserError {
  /** The HTTP status; 401 also when there is no token to ask with. */
  readonly status: number;

  constructor(status: number, message: string, hint: string, options?: ErrorOptions) {
    super('github', message, hint, options);
    this.status = status;
  }
}

/** Too many requests: GitHub serves no more of them before `until`. */
export class RateLimited extends UserError {
  readonly until: Date;

  constructor(until: Date, options?: ErrorOptions) {
    super(
      'github',
      `GitHub's rate limit for github-token is used up until ${minute(until)}.`,
      'Run the job again after that. The tokens of all jobs in a repository share 1,000 requests an hour.',
      options,
    );
    this.until = until;
  }
}

/** An answer of GitHub that is not what was asked for. */
export interface FailedAnswer {
  readonly status: number;
  /** By their names in small letters. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** What was asked for, in the words of the workflow. */
export interface Subject {
  /** `owner/name`. */
  readonly repository: string;
  /** Whether the job runs in that repository. */
  readonly isOwnRepository: boolean;
  /** The permission `actions` that the request takes. */
  readonly permission: 'read' | 'write';
}

/** What GitHub asks to wait where it does not say how long. */
const UNTOLD_WAIT_MS = 60_000;
const LONGEST_MESSAGE = 200;

/**
 * When requests will be served again, by the rules of GitHub's documentation ("Rate limits for the REST API").
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
    return new Date(now.getTime() + UNTOLD_WAIT_MS);
  }
  return undefined;
}

/**
 * A refusal in words that name what to change.
 *
 * @returns undefined when the fault is GitHub's (5xx), and it may serve the same request later.
 */
export function refusal(answer: FailedAnswer, subject: Subject): GitHubRefusal | undefined {
  const { status } = answer;
  if (status < 400 || status >= 500) return undefined;
  const said = `${status}: ${answer.message.slice(0, LONGEST_MESSAGE)}`;
  const [message, hint] = inWords(status, said, subject);
  return new GitHubRefusal(status, message, hint);
}

function inWords(status: number, said: string, subject: Subject): readonly [string, string] {
  const { repository, isOwnRepository, permission } = subject;
  const work = permission === 'read' ? 'read' : 'delete';
  switch (status) {
    case 401:
      return [
        `github-token: GitHub does not accept the token (${said}).`,
        'It is wrong, has expired or was revoked: renew it, or leave github-token out to use the token of the job.',
      ];
    case 403:
      return [
        `github-token: the token may not ${work} the artifacts of ${repository} (${said}).`,
        howToAllow(subject),
      ];
    case 404:
      return [
        `${isOwnRepository ? 'github-token' : 'repository'}: ${repository} does not exist, or the token may not see it (${said}).`,
        howToAllow(subject),
      ];
    case 410:
      return [`The artifact has expired or was deleted (${said}).`, 'Choose another backup.'];
    default:
      return [
        `GitHub refused to ${work} the artifacts of ${repository} (${said}).`,
        'Run the job again; report it if it stays so.',
      ];
  }
}

function howToAllow({ repository, isOwnRepository, permission }: Subject): string {
  return isOwnRepository
    ? `Give the job "permissions: { actions: ${permission}, contents: read }"; it has none that is not listed there.`
    : `github-token needs a token with "actions: ${permission}" in ${repository}, from a secret: the token of the job only reaches its own repository.`;
}

function wholeSeconds(header: unknown): number | undefined {
  const text = typeof header === 'number' ? String(header) : header;
  return typeof text === 'string' && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
