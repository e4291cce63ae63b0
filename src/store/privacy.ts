import { UserError } from '../errors.ts';
import { readWorkflowEvent } from '../inputs/workflow-event.ts';
import { log } from '../log/log.ts';
import { type RepositoryAccess, connectToGitHub } from './github-api.ts';
import { GitHubRefusal, RateLimited } from './github-failure.ts';
import { isJsonObject } from './json.ts';
import { type Patience, reasonOf } from './patience.ts';

/** Who can download the artifacts of a repository. `unknown` is treated as `public`. */
export type Visibility = 'public' | 'private' | 'unknown';

/** Who else could read an artifact that is not encrypted: everyone, or perhaps everyone. */
export type Exposure = Exclude<Visibility, 'private'>;

/** A backup that would be uploaded without encryption, and where to. */
export interface PlaintextUpload {
  /** `owner/name`. */
  readonly repository: string;
  /** `github-token`; empty when there is none. */
  readonly token: string;
  /** `allow-plaintext-on-public`. */
  readonly allowed: boolean;
  /** The environment of the process: says where the event's payload and GitHub's API are. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Two attempts and a second between: 21 s at most. A rate limit is not waited for: unknown is an answer too. */
const PATIENCE: Patience = { attempts: 2, attemptMs: 10_000, longestWaitMs: 0 };

/**
 * Lets a backup that is not encrypted go only where not everyone can read it, or where that was allowed.
 *
 * @returns who else can read it; undefined when nobody can.
 * @throws UserError, the refusal, with the ways out; the signal's reason when it was aborted.
 */
export async function requirePrivacy(upload: PlaintextUpload): Promise<Exposure | undefined> {
  const { env, signal, token } = upload;
  const { repositoryIsPublic } = await readWorkflowEvent(env);
  const [owner = '', repo = ''] = upload.repository.split('/');
  const visibility = await visibilityOf(repositoryIsPublic, {
    repository: { owner, repo },
    isOwnRepository: true,
    token,
    env,
    signal,
    patience: PATIENCE,
  });
  if (visibility === 'private') return undefined;
  if (!upload.allowed) throw plaintextRefusal(visibility);
  log.warning(`${exposureInWords(visibility)} allow-plaintext-on-public allows it.`);
  return visibility;
}

/**
 * Tells whether a repository is public: from the event's payload, else from GitHub's API. What cannot be found out
 * is unknown, never an error.
 *
 * @param fromEvent what the payload says; undefined when it does not.
 * @throws the signal's reason when it was aborted.
 */
export async function visibilityOf(
  fromEvent: boolean | undefined,
  access: RepositoryAccess,
): Promise<Visibility> {
  if (fromEvent !== undefined) return fromEvent ? 'public' : 'private';
  try {
    const github = await connectToGitHub(access);
    return await github.call({
      route: 'GET /repos/{owner}/{repo}',
      permission: 'read',
      read: ({ data }) => readVisibility(data),
    });
  } catch (error) {
    access.signal.throwIfAborted();
    log.info(`Whether the repository is public cannot be found out: ${whyUnknown(error, access.token)}`);
    return 'unknown';
  }
}

/** What an upload without encryption means there. */
export function exposureInWords(exposure: Exposure): string {
  return exposure === 'public'
    ? 'This repository is public and the backup is not encrypted: anyone who is signed in to GitHub can download the whole database.'
    : 'It cannot be found out whether this repository is public, and the backup is not encrypted: perhaps anyone can download the whole database.';
}

function plaintextRefusal(exposure: Exposure): UserError {
  return new UserError(
    exposureInWords(exposure),
    'Encrypt it: set "age-recipients" to a public key of age-keygen. Or run this workflow in a private repository. ' +
      'If everyone may read this database, set "allow-plaintext-on-public: true".',
  );
}

function readVisibility(repository: unknown): Visibility {
  if (!isJsonObject(repository)) return 'unknown';
  const { private: isPrivate, visibility } = repository;
  if (isPrivate === true || visibility === 'private' || visibility === 'internal') return 'private';
  return isPrivate === false || visibility === 'public' ? 'public' : 'unknown';
}

/** The errors of `connectToGitHub` are about artifacts, which nobody has asked for here. */
function whyUnknown(error: unknown, token: string): string {
  if (token === '') return 'github-token is empty';
  if (error instanceof GitHubRefusal) return `GitHub answered ${error.status}`;
  return error instanceof RateLimited ? error.message : reasonOf(error);
}
