import { UserError, messageOf } from '../errors.ts';
import { log } from '../log/log.ts';
import { type RepositoryAccess, connectToGitHub } from './github-api.ts';
import { isJsonObject } from './json.ts';

/** Who can download the artifacts of a repository. `unknown` is treated as `public`. */
export type Visibility = 'public' | 'private' | 'unknown';

/**
 * Tells whether a repository is public: from the event's payload, else from GitHub's API. What cannot be found out
 * is unknown, never an error.
 *
 * @param fromEvent what the payload says; undefined when it does not.
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
    if (access.signal.aborted) throw error;
    log.info(`Whether the repository is public cannot be found out: ${messageOf(error)}`);
    return 'unknown';
  }
}

function readVisibility(repository: unknown): Visibility {
  if (!isJsonObject(repository)) return 'unknown';
  const { private: isPrivate, visibility } = repository;
  if (isPrivate === true || visibility === 'private' || visibility === 'internal') return 'private';
  return isPrivate === false || visibility === 'public' ? 'public' : 'unknown';
}

/**
 * The refusal of a backup that anyone could read.
 *
 * @returns undefined when it may be made.
 */
export function plaintextRefusal(
  visibility: Visibility,
  { encrypted, allowed }: { readonly encrypted: boolean; readonly allowed: boolean },
): UserError | undefined {
  if (visibility === 'private' || encrypted || allowed) return undefined;
  const why =
    visibility === 'public'
      ? 'This repository is public: anyone who is signed in to GitHub could download the whole database.'
      : 'It cannot be found out whether this repository is public, in which case anyone could download the whole database.';
  return new UserError(
    why,
    'Encrypt the backup: set "age-recipients" to the public key of age-keygen. Or run this workflow in a private repository. ' +
      'If everyone may read this database, set "allow-plaintext-on-public: true".',
  );
}
