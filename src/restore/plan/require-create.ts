import { UserError } from '../../errors.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { displayName } from '../../archive/toc/entry-names.ts';
import { identityOf } from '../../archive/toc/identity.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TargetFacts } from './target.ts';

/**
 * Makes sure of what would otherwise end the restore halfway: the right to create.
 *
 * @throws UserError naming the right that is missing.
 */
export function requireCreate(entries: readonly TocEntry[], target: TargetFacts): void {
  const user = plainLine(target.user);
  const schema = entries.find(({ kind }) => kind === 'SCHEMA');
  if (schema !== undefined && !target.canCreateInDatabase) {
    throw new UserError(
      'restore-refused',
      `The user ${user} lacks the privilege to create the schema ${displayName(schema)} in the database "${plainLine(target.database)}".`,
      `Use the owner of the database, or grant it: GRANT CREATE ON DATABASE … TO ….`,
      { silent: { message: `The user ${user} lacks the privilege to create a schema of the backup.` } },
    );
  }
  const closed = entries.find(
    (entry) => identityOf(entry) !== undefined && target.schemas.get(entry.schema)?.open === false,
  );
  if (closed === undefined) return;
  throw new UserError(
    'restore-refused',
    `The user ${user} cannot create ${displayName(closed)}: it lacks the CREATE privilege on the schema ${plainLine(closed.schema)}.`,
    'Use the owner of the database or of the schema, or grant it: GRANT CREATE ON SCHEMA … TO ….',
    { silent: { message: `The user ${user} lacks the CREATE privilege on a schema of the target.` } },
  );
}
