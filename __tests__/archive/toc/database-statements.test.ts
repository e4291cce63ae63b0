import { describe, expect, it } from '@jest/globals';
import { type DatabaseStatements, databaseStatements } from '../../../src/archive/toc/database-statements.ts';
import { databaseSql } from '../../../src/restore/plan/database-sql.ts';
import { tocEntry } from './toc-entry.ts';

const DATABASE = tocEntry({
  kind: 'DATABASE',
  tag: 'my "shop"',
  owner: 'boss',
  definition: `CREATE DATABASE "my ""shop""" WITH TEMPLATE = template0 ENCODING = 'UTF8' TABLESPACE = fast;\n`,
});

/** What is read of a definition, apart from owner and tablespace. */
function read(kind: string, definition: string): DatabaseStatements {
  const tag = kind === 'DATABASE PROPERTIES' ? 'my "shop"' : 'DATABASE "my ""shop"""';
  const { statements, unknown } = databaseStatements([DATABASE, tocEntry({ kind, tag, definition })]);
  return { statements: statements.slice(0, -2), unknown };
}

describe('what pg_dump writes of the database itself', () => {
  it('is read, and is written anew for a database of another name', () => {
    const properties = String.raw`ALTER DATABASE "my ""shop""" CONNECTION LIMIT = 50;
ALTER DATABASE "my ""shop""" IS_TEMPLATE = true;
ALTER DATABASE "my ""shop""" SET "app.secret" TO E'it''s \\ ;';
ALTER DATABASE "my ""shop""" SET search_path TO 'App', 'public';
ALTER ROLE "odd role" IN DATABASE "my ""shop""" SET "TimeZone" TO 'UTC';
`;
    const { statements, unknown } = read('DATABASE PROPERTIES', properties);
    expect(unknown).toBe(0);
    expect(statements.map((statement) => databaseSql(statement, 'x"y'))).toEqual([
      'ALTER DATABASE "x""y" CONNECTION LIMIT 50',
      'ALTER DATABASE "x""y" IS_TEMPLATE true',
      String.raw`ALTER DATABASE "x""y" SET "app.secret" TO E'it''s \\ ;'`,
      `ALTER DATABASE "x""y" SET "search_path" TO 'App', 'public'`,
      `ALTER ROLE "odd role" IN DATABASE "x""y" SET "TimeZone" TO 'UTC'`,
    ]);
    expect(statements.map((statement) => databaseSql(statement, 'x', true)).join()).not.toContain('it');
  });

  it.each([
    ['COMMENT', `COMMENT ON DATABASE "my ""shop""" IS 'a; b';\n`, `COMMENT ON DATABASE "x" IS 'a; b'`],
    [
      'SECURITY LABEL',
      `SECURITY LABEL FOR "a b" ON DATABASE "my ""shop""" IS 'c';\n`,
      `SECURITY LABEL FOR "a b" ON DATABASE "x" IS 'c'`,
    ],
    [
      'ACL',
      `REVOKE CONNECT,TEMPORARY ON DATABASE "my ""shop""" FROM PUBLIC;\n`,
      'REVOKE CONNECT, TEMPORARY ON DATABASE "x" FROM PUBLIC',
    ],
    [
      'ACL',
      `GRANT ALL ON DATABASE "my ""shop""" TO "a b" WITH GRANT OPTION;\n`,
      'GRANT ALL ON DATABASE "x" TO "a b" WITH GRANT OPTION',
    ],
  ])('is read: %s %s', (kind, definition, sql) => {
    const { statements, unknown } = read(kind, definition);
    expect(statements.map((statement) => databaseSql(statement, 'x'))).toEqual([sql]);
    expect(unknown).toBe(0);
  });

  it('includes owner and tablespace', () => {
    expect(databaseStatements([DATABASE]).statements).toEqual([
      { form: 'tablespace', tablespace: 'fast' },
      { form: 'owner', owner: 'boss' },
    ]);
    expect(databaseStatements([])).toEqual({ statements: [], unknown: 0 });
  });
});

describe('anything else is counted and not taken', () => {
  it.each([
    ['DATABASE PROPERTIES', `ALTER DATABASE other SET work_mem TO '1MB';`],
    ['DATABASE PROPERTIES', `ALTER ROLE postgres SET work_mem TO '1MB';`],
    ['DATABASE PROPERTIES', `ALTER ROLE boss IN DATABASE "my ""shop""" CONNECTION LIMIT = 5;`],
    ['DATABASE PROPERTIES', `ALTER DATABASE "my ""shop""" SET work_mem FROM CURRENT;`],
    ['DATABASE PROPERTIES', `ALTER DATABASE "my ""shop""" SET work_mem TO current_user;`],
    ['DATABASE PROPERTIES', `ALTER DATABASE "my ""shop""" SET work_mem TO 'a' 'b';`],
    ['DATABASE PROPERTIES', `ALTER DATABASE "my ""shop""" SET work_mem TO 'a',;`],
    ['DATABASE PROPERTIES', `ALTER DATABASE "my ""shop""" SET work_mem TO $$a$$;`],
    ['DATABASE PROPERTIES', `ALTER DATABASE "my ""shop""" SET work_mem TO 'a' -- 'b'\n;`],
    ['DATABASE PROPERTIES', `ALTER DATABASE "my ""shop""" SET "a; b" TO 'c';`],
    ['DATABASE PROPERTIES', `ALTER DATABASE "my ""shop""" CONNECTION LIMIT = -2;`],
    ['DATABASE PROPERTIES', `ALTER DATABASE "my ""shop""" OWNER TO mallory;`],
    ['DATABASE PROPERTIES', `ALTER SYSTEM SET archive_command TO 'rm';`],
    ['DATABASE PROPERTIES', `DROP DATABASE "my ""shop""";`],
    ['DATABASE PROPERTIES', `UPDATE pg_catalog.pg_database SET datistemplate = true;`],
    ['COMMENT', `COMMENT ON DATABASE other IS 'a';`],
    ['COMMENT', `COMMENT ON DATABASE "my ""shop""" IS NULL;`],
    ['COMMENT', `COMMENT ON TABLE t IS 'a';`],
    ['SECURITY LABEL', `SECURITY LABEL ON DATABASE "my ""shop""" IS 'a';`],
    ['ACL', `GRANT CONNECT ON DATABASE other TO mallory;`],
    ['ACL', `GRANT boss TO mallory;`],
    ['ACL', `GRANT SELECT ON TABLE t TO mallory;`],
    ['ACL', `GRANT CONNECT ON DATABASE "my ""shop""", other TO mallory;`],
  ])('%s %s', (kind, definition) => {
    const { statements, unknown } = read(kind, definition);
    expect({ statements, unknown }).toEqual({ statements: [], unknown: 1 });
  });
});
