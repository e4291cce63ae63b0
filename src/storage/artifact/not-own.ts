import { UserError } from '../../errors.ts';
import type { StoredArtifact } from './stored-artifact.ts';

/** The one that is wanted was made by code that is not the repository's. */
export function notOwn({ name, id, origin }: StoredArtifact, repository: string): UserError {
  const why =
    origin === 'fork'
      ? 'was made by a pull request from a fork, with code that is not of this repository'
      : 'is one of which GitHub does not tell whose code made it (perhaps that of a fork which was deleted)';
  return new UserError(
    'storage',
    `backup: the artifact ${name} (${id}) of ${repository} ${why}. It is no backup of this repository.`,
    'Choose another one, or "latest". Anyone can open a pull request, and name an artifact like a backup.',
  );
}
