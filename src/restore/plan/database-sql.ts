import { quotedIdentifier, literal } from '../../postgres/sql-text.ts';
import type { DatabaseStatement } from '../../archive/toc/database-statements.ts';
import { eachPrivilege } from '../../archive/toc/privileges.ts';

/** Stands for a value that may be a secret. */
const HIDDEN = "'…'";

/**
 * A property of a database as SQL without a semicolon, for a database of any name.
 *
 * @param hide whether values of settings that may be secrets are left out: it is then for people to read.
 */
export function databaseSql(statement: DatabaseStatement, database: string, hide = false): string {
  const name = quotedIdentifier(database);
  switch (statement.form) {
    case 'setting': {
      const { role, name: setting, values } = statement;
      const whose =
        role === undefined
          ? `ALTER DATABASE ${name}`
          : `ALTER ROLE ${quotedIdentifier(role)} IN DATABASE ${name}`;
      const value = hide && mayBeSecret(setting) ? HIDDEN : values.map(literal).join(', ');
      return `${whose} SET ${quotedIdentifier(setting)} TO ${value}`;
    }
    case 'connection limit':
      return `ALTER DATABASE ${name} CONNECTION LIMIT ${statement.limit}`;
    case 'template':
      return `ALTER DATABASE ${name} IS_TEMPLATE true`;
    case 'tablespace':
      return `ALTER DATABASE ${name} SET TABLESPACE ${quotedIdentifier(statement.tablespace)}`;
    case 'comment':
      return `COMMENT ON DATABASE ${name} IS ${literal(statement.text)}`;
    case 'security label':
      return `SECURITY LABEL FOR ${quotedIdentifier(statement.provider)} ON DATABASE ${name} IS ${literal(statement.text)}`;
    case 'privilege': {
      const { action, privileges, grantee, sql } = statement.privilege;
      const whom = grantee === undefined ? 'PUBLIC' : quotedIdentifier(grantee);
      const option = / WITH GRANT OPTION$/.test(sql) ? ' WITH GRANT OPTION' : '';
      const what = `${action} ${eachPrivilege(privileges).join(', ')} ON DATABASE ${name}`;
      return `${what} ${action === 'GRANT' ? 'TO' : 'FROM'} ${whom}${option}`;
    }
    case 'owner':
      return `ALTER DATABASE ${name} OWNER TO ${quotedIdentifier(statement.owner)}`;
  }
}

/** Settings with a dot in their names are those of applications and extensions: passwords and keys among them. */
function mayBeSecret(setting: string): boolean {
  return setting.includes('.');
}

/** Where and as whom a property is set. */
export interface DatabasePlace {
  readonly database: string;
  readonly role: string | undefined;
}

/** The statements that set it: those of another grantor than the owner are run as that role. See {@link databaseSql}. */
export function databaseScript(
  statement: DatabaseStatement,
  { database, role }: DatabasePlace,
  hide = false,
): readonly string[] {
  const sql = databaseSql(statement, database, hide);
  const grantor = statement.form === 'privilege' ? statement.privilege.grantor : undefined;
  if (grantor === undefined) return [sql];
  const back = role === undefined ? 'RESET ROLE' : `SET ROLE ${quotedIdentifier(role)}`;
  return [`SET ROLE ${quotedIdentifier(grantor)}`, sql, back];
}
