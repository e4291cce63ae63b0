import type { RepositoryAccess } from '../../github/github-api.ts';
import type { StoredBackup, StoredFile } from '../store.ts';
import type { Located, LocatedFile } from './stored-artifact.ts';

/** An artifact as every store describes its files. */
export function storedFileOf(
  located: LocatedFile,
  access: Pick<RepositoryAccess, 'repository' | 'env'>,
): StoredBackup;
export function storedFileOf(
  located: Located,
  access: Pick<RepositoryAccess, 'repository' | 'env'>,
): StoredFile;
export function storedFileOf(
  { artifact }: Located,
  { repository: { owner, repo }, env }: Pick<RepositoryAccess, 'repository' | 'env'>,
): StoredFile {
  const { id, name, size, digest: sha256, backup, createdAt, expiresAt, runId } = artifact;
  const server = env['GITHUB_SERVER_URL'] ?? 'https://github.com';
  return {
    name,
    size,
    sha256,
    backup,
    createdAt,
    expiresAt,
    location: {
      kind: 'artifact',
      id,
      page:
        runId === undefined ? undefined : `${server}/${owner}/${repo}/actions/runs/${runId}/artifacts/${id}`,
    },
  };
}
