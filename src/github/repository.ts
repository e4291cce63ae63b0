import { UserError } from '../errors.ts';
import { quote } from '../runner/inputs/parsers.ts';

/** A repository on GitHub. */
export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

/**
 * The repository that the job runs in.
 *
 * @param name `owner/name` from the runner; empty outside GitHub.
 * @throws UserError when it is not such a name.
 */
export function ownRepository(name: string): Repository {
  const repository = readRepository(name);
  if (repository) return repository;
  throw new UserError(
    'runner',
    `GITHUB_REPOSITORY is ${quote(name)}, which is not the name of a repository.`,
    'This program is a step of a GitHub Actions job; the runner sets it there.',
  );
}

/** Reads `owner/name`; undefined for anything else. */
export function readRepository(name: string): Repository | undefined {
  const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(name) ?? [];
  if (owner === undefined || repo === undefined) return undefined;
  return [owner, repo].some((part) => /^\.+$/.test(part)) ? undefined : { owner, repo };
}
