import { UserError } from '../errors.ts';
import { type Repository, readRepository } from './backup-source.ts';
import { quote } from './parsers.ts';

/**
 * The repository that the job runs in.
 *
 * @param name `owner/name`, as the runner tells it; empty outside GitHub.
 * @throws UserError when it is no such name.
 */
export function ownRepository(name: string): Repository {
  const repository = readRepository(name);
  if (repository) return repository;
  throw new UserError(
    `GITHUB_REPOSITORY is ${quote(name)}, which is not the name of a repository.`,
    'This program is a step of a GitHub Actions job; the runner sets it there.',
  );
}
