import type { DatabaseStatement } from '../../archive/toc/database-statements.ts';
import { identifiers } from '../../archive/names.ts';
import { privilegeDifferences, privilegesAfter, privilegesInCatalog } from '../verify/privilege-state.ts';
import { type TargetDatabase, settingKey } from './target-database.ts';

/** Settings whose value is a list of names (`variable_is_guc_list_quote` in dumputils.c). */
const LISTS: ReadonlySet<string> = new Set([
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
  'session_preload_libraries',
]);

/**
 * Whether a database is not as a statement wants it. What it has beyond that makes no difference.
 *
 * @param all the statements of the archive: those about privileges count together.
 */
export function differsFromTarget(
  statement: DatabaseStatement,
  all: readonly DatabaseStatement[],
  database: TargetDatabase,
): boolean {
  switch (statement.form) {
    case 'setting':
      return !isSet(statement, database);
    case 'connection limit':
      return statement.limit !== database.connectionLimit;
    case 'template':
      return !database.isTemplate;
    case 'tablespace':
      return statement.tablespace !== database.tablespace;
    case 'comment':
      return statement.text !== database.comment;
    case 'security label':
      return statement.text !== database.labels.get(statement.provider);
    case 'owner':
      return statement.owner !== database.owner;
    case 'privilege':
      return differingPrivileges(all, database);
  }
}

function isSet(
  { role, name, values }: Extract<DatabaseStatement, { form: 'setting' }>,
  { settings }: TargetDatabase,
): boolean {
  const value = settings.get(settingKey(role, name));
  if (value === undefined || (values.length === 1 && values[0] === value)) return value !== undefined;
  return LISTS.has(name.toLowerCase()) && identifiers(value).join('\0') === values.join('\0');
}

function differingPrivileges(all: readonly DatabaseStatement[], database: TargetDatabase): boolean {
  const statements = all.flatMap((one) => (one.form === 'privilege' ? [one.privilege] : []));
  const owner = all.find((one) => one.form === 'owner')?.owner ?? database.owner;
  // Only what is stated: `unknown` begins with nothing.
  const stated = privilegesAfter(statements, {
    ...{ tag: 'DATABASE ', schema: '', owner, serverMajor: 0, dumpMajor: 0 },
    initial: 'unknown',
  });
  const found = privilegesInCatalog(database.privileges, database.owner);
  const scope = { scope: 'stated', initial: 'known', owner: database.owner } as const;
  return privilegeDifferences(stated, found, scope).length > 0;
}
