import { UserError } from '../../errors.ts';
import { someOf } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { PlanRequest } from './plan-request.ts';
import type { TargetFacts } from './target.ts';

/** Its one member is the owner of the database (PostgreSQL 14 and newer). */
const DATABASE_OWNER = 'pg_database_owner';

/**
 * Makes sure that nobody gets rights by the search path of a restore: who can create a function in one of its schemas can have
 * it called in place of another one, with the rights of the user who restores (CVE-2018-1058). Superusers and the owner of the
 * database are trusted: they have that user's rights already, or control the database.
 *
 * @param entries what is restored.
 * @throws UserError naming the schema and who may create in it, or a schema that does not exist.
 */
export function requireSafePath(entries: readonly TocEntry[], { target, options }: PlanRequest): void {
  const made = new Set(entries.filter(({ kind }) => kind === 'SCHEMA').map(({ tag }) => tag));
  for (const name of options.searchPath) {
    const schema = target.schemas.get(name);
    if (schema === undefined && !made.has(name)) throw isMissing(name);
    // The database of a test restore is dropped again, and nobody knows it.
    const others = options.forTest ? [] : [...(schema?.creators ?? [])].filter(isUntrusted(target));
    if (others.length > 0) throw mayBeHijacked(name, others);
  }
}

function isUntrusted({ user, superusers }: TargetFacts): (role: string) => boolean {
  return (role) => role !== user && role !== DATABASE_OWNER && !superusers.has(role);
}

function isMissing(name: string): UserError {
  return new UserError(
    'restore-refused',
    `search-path: neither the target nor the backup has the schema "${plainLine(name)}".`,
    'Correct search-path: the names of schemas, separated by commas.',
    { silent: 'same' },
  );
}

function mayBeHijacked(name: string, roles: readonly string[]): UserError {
  const schema = plainLine(name);
  const who = someOf(roles.map((role) => (role === '' ? 'everybody (PUBLIC)' : plainLine(role))));
  const told = (whom: string): string =>
    `search-path: ${whom} may create functions in the schema "${schema}" of the target, which the restore would then call with its own rights.`;
  return new UserError(
    'restore-refused',
    told(who),
    `Take that privilege away for the time of the restore (REVOKE CREATE ON SCHEMA … FROM …), restore into a database without others, or leave the schema out of search-path.`,
    { silent: { message: told('another role') } },
  );
}
