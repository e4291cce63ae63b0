import { UserError } from '../errors.ts';
import { isPublicRepository, readWorkflowEvent } from './workflow-event.ts';
import { log } from '../runner/log.ts';
import { type RepositoryAccess, connectToGitHub } from './github-api.ts';
import { GitHubRefusal, RateLimited } from './github-failure.ts';
import { FEW_RETRIES, reasonOf } from '../runner/retry-policy.ts';

/** Who can download the artifacts of a repository. `unknown` is treated as `public`. */
export type Visibility = 'public' | 'private' | 'unknown';

/** Who else can read an artifact that is not encrypted: everyone, or possibly everyone. */
export type Exposure = Exclude<Visibility, 'private'>;

/** The repository that a job runs in. */
export interface JobRepository {
  /** `owner/name`. */
  readonly repository: string;
  /** `github-token`; empty when there is none. */
  readonly token: string;
  /** The environment of the process, with the path of the event's payload and the URL of GitHub's API. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * Who else can read what a job prints and stores.
 *
 * @returns undefined for a private repository.
 * @throws the signal's reason when it was aborted.
 */
export async function exposureOf(job: JobRepository): Promise<Exposure | undefined> {
  const found = await visibilityNow(job);
  return found === 'private' ? undefined : found;
}

/**
 * Allows the upload of a backup that is not encrypted, and that others can read, only if the user did.
 *
 * @param allowed `allow-plaintext-on-public`.
 * @throws UserError with the alternatives.
 */
export function requireAllowed(exposure: Exposure, allowed: boolean): void {
  if (!allowed) throw plaintextRefusal(exposure);
  log.warning(`${describeExposure(exposure)} allow-plaintext-on-public allows it.`);
}

/**
 * What the event's payload says was so when the run started, and a run may be started again a month later. So GitHub is
 * asked as well; the payload of a first attempt stands in for it where it cannot be asked (without a token, in act).
 */
async function visibilityNow({ repository, token, env, signal }: JobRepository): Promise<Visibility> {
  const fromEvent = visibility((await readWorkflowEvent(env)).repositoryIsPublic);
  if (fromEvent === 'public') return fromEvent;
  const [owner = '', repo = ''] = repository.split('/');
  const told = await visibilityByApi({
    repository: { owner, repo },
    isOwnRepository: true,
    token,
    env,
    signal,
    // If GitHub does not respond, the visibility is unknown.
    retries: FEW_RETRIES,
  });
  if (told !== 'unknown' || fromEvent === 'unknown') return told;
  const isFirstAttempt = (env['GITHUB_RUN_ATTEMPT'] ?? '1') === '1';
  log.info(
    isFirstAttempt
      ? 'The event that started this run says that the repository is private'
      : 'The event that started this run says that the repository is private, but this is a re-run: that may have changed',
  );
  return isFirstAttempt ? fromEvent : 'unknown';
}

/**
 * Asks GitHub's API whether a repository is public. What cannot be found out is unknown, never an error.
 *
 * @throws the signal's reason when it was aborted.
 */
export async function visibilityByApi(access: RepositoryAccess): Promise<Visibility> {
  try {
    const github = await connectToGitHub(access);
    return await github.call({
      route: 'GET /repos/{owner}/{repo}',
      permission: 'read',
      read: ({ data }) => visibility(isPublicRepository(data)),
    });
  } catch (error) {
    access.signal.throwIfAborted();
    log.info(`The visibility of the repository could not be determined: ${whyUnknown(error, access.token)}`);
    return 'unknown';
  }
}

function visibility(isPublic: boolean | undefined): Visibility {
  if (isPublic === undefined) return 'unknown';
  return isPublic ? 'public' : 'private';
}

/** What an upload without encryption means in this repository. */
export function describeExposure(exposure: Exposure): string {
  return exposure === 'public'
    ? 'This repository is public and the backup is not encrypted: anyone who is signed in to GitHub could download the whole database.'
    : 'The visibility of this repository could not be determined, and the backup is not encrypted: if the repository is public, anyone could download the whole database.';
}

function plaintextRefusal(exposure: Exposure): UserError {
  return new UserError(
    'public-repository',
    describeExposure(exposure),
    'Encrypt it: set "age-recipients" to a public key of age-keygen. Or run this workflow in a private repository. ' +
      'If everyone may read this database, set "allow-plaintext-on-public: true".',
  );
}

/** The errors of `connectToGitHub` are about artifacts, which is not what failed here. */
function whyUnknown(error: unknown, token: string): string {
  if (token === '') return 'github-token is empty';
  if (error instanceof GitHubRefusal) return `GitHub answered ${error.status}`;
  return error instanceof RateLimited ? error.message : reasonOf(error);
}
