// The documentation names this repository as in package.json, the one place for the name of its owner: pure.

/** A mention of this repository, whoever owns it: in `uses:`, and in addresses. */
const MENTION = /(?<![\w.-])[A-Za-z0-9][\w.-]*\/postgres-backup-action(?![\w-])/g;

/** @param repository `owner/postgres-backup-action`. */
export function withOwner(text: string, repository: string): string {
  return text.replaceAll(MENTION, repository);
}

/**
 * The repository in package.json, in npm's short form: `github:owner/name`.
 *
 * @throws Error when it is in another form.
 */
export function repositoryOf(manifest: unknown): string {
  const given =
    typeof manifest === 'object' && manifest !== null && 'repository' in manifest ? manifest.repository : '';
  const [, repository] = /^github:([\w.-]+\/postgres-backup-action)$/.exec(String(given)) ?? [];
  if (repository === undefined) {
    throw new Error(
      'package.json must have "repository": "github:OWNER/postgres-backup-action", with the name of the owner.',
    );
  }
  return repository;
}
