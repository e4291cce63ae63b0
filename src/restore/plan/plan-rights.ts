import { UserError } from '../../errors.ts';
import { someOf } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { nameInWords } from '../../archive/toc/entry-names.ts';
import { identityOf } from '../../archive/toc/identity.ts';
import type { PlanRequest } from './plan-request.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TargetFacts } from './target.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';

/**
 * Makes sure of what would otherwise end the restore halfway: roles, and the right to create.
 *
 * @throws UserError naming the roles, or the right that is missing.
 */
export function requireRights(
  entries: readonly TocEntry[],
  index: TocIndex,
  { target, options }: PlanRequest,
): void {
  requireCreate(entries, target);
  if (!options.noOwner) requireOwners(entries, index, target);
}

function requireCreate(entries: readonly TocEntry[], target: TargetFacts): void {
  const user = plainLine(target.user);
  const schema = entries.find(({ kind }) => kind === 'SCHEMA');
  if (schema !== undefined && !target.canCreateInDatabase) {
    throw new UserError(
      'restore-refused',
      `The user ${user} may not create the schema ${nameInWords(schema)} in the database "${plainLine(target.database)}".`,
      `Use the owner of the database, or grant it: GRANT CREATE ON DATABASE … TO ….`,
    );
  }
  const closed = entries.find(
    (entry) => identityOf(entry) !== undefined && target.schemas.get(entry.schema)?.open === false,
  );
  if (closed === undefined) return;
  throw new UserError(
    'restore-refused',
    `The user ${user} may not create ${nameInWords(closed)}: it has no CREATE privilege on the schema ${plainLine(closed.schema)}.`,
    'Use the owner of the database or of the schema, or grant it: GRANT CREATE ON SCHEMA … TO ….',
  );
}

/** Parts of a table have no owner of their own. */
function requireOwners(entries: readonly TocEntry[], index: TocIndex, target: TargetFacts): void {
  const owned = entries.filter(
    (entry) => identityOf(entry) !== undefined || index.homeOf(entry) === undefined,
  );
  const owners = [...new Set(owned.map(({ owner }) => owner))].filter((owner) => owner !== '');
  const missing = owners.filter((owner) => !target.roles.has(owner));
  const instead = 'or set "no-owner: true", and everything will belong to the user that restores.';
  if (missing.length > 0) {
    throw new UserError(
      'restore-refused',
      `no-owner: it is false, and the server has no role ${someOf(missing.map(plainLine))}, which owns what is in the backup.`,
      `Create the roles, ${instead}`,
    );
  }
  const others = owners.filter((owner) => target.roles.get(owner) !== true);
  if (others.length === 0) return;
  throw new UserError(
    'restore-refused',
    `no-owner: it is false, and the user ${plainLine(target.user)} may not give anything to ${someOf(others.map(plainLine))}.`,
    `Use a superuser or a member of these roles, ${instead}`,
  );
}
