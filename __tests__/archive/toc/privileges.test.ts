import { describe, expect, it } from '@jest/globals';
import { forLargeObject, privilegeStatements } from '../../../src/archive/toc/privileges.ts';
import { isPlainStatement, sqlStatements } from '../../../src/archive/toc/sql-words.ts';

/** What matters of the statements, one line each. */
function read(sql: string): string[] | undefined {
  return privilegeStatements(sql)?.map(({ action, privileges, grantee, grantor, defaultsOf }) =>
    [action, privileges, grantee ?? 'PUBLIC', grantor ?? '-', defaultsOf ?? '-'].join('|'),
  );
}

describe('privilege statements', () => {
  it.each([
    ['GRANT SELECT ON TABLE a.b TO c;', ['GRANT|SELECT|c|-|-']],
    [
      'GRANT SELECT("to"),UPDATE(x) ON TABLE a."from" TO "odd; role" WITH GRANT OPTION;',
      ['GRANT|SELECT("to"),UPDATE(x)|odd; role|-|-'],
    ],
    [
      'REVOKE ALL ON FUNCTION a.f(t.role, x integer[]) FROM PUBLIC;\nGRANT ALL ON FUNCTION a.f(t.role) TO g;',
      ['REVOKE|ALL|PUBLIC|-|-', 'GRANT|ALL|g|-|-'],
    ],
    ['REVOKE GRANT OPTION FOR SELECT ON TABLE public.role FROM c;', ['REVOKE|GRANT OPTION FOR SELECT|c|-|-']],
    [
      'SET SESSION AUTHORIZATION o;\nGRANT ALL ON TABLE a.b TO c;\nRESET SESSION AUTHORIZATION;\n\n\nGRANT ALL ON TABLE a.b TO d;',
      ['GRANT|ALL|c|o|-', 'GRANT|ALL|d|-|-'],
    ],
    [
      'ALTER DEFAULT PRIVILEGES FOR ROLE "a b" IN SCHEMA s GRANT SELECT ON TABLES TO c;',
      ['GRANT|SELECT|c|-|a b'],
    ],
    ['ALTER DEFAULT PRIVILEGES FOR ROLE o REVOKE ALL ON FUNCTIONS FROM PUBLIC;', ['REVOKE|ALL|PUBLIC|-|o']],
    ['GRANT ALL ON SCHEMA s TO GROUP g;', ['GRANT|ALL|g|-|-']],
    ['GRANT ALL ON SCHEMA s TO "PUBLIC";', ['GRANT|ALL|PUBLIC|-|-']],
    ['', []],
  ])('are read: %s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });

  it.each([
    'GRANT ALL ON TABLE public.granted TO a GRANTED BY b;',
    'GRANT SELECT ON TABLE t TO a, b;',
    'GRANT SELECT ON TABLE t TO a; ALTER ROLE a SUPERUSER;',
    'GRANT admin TO a;',
    "GRANT SELECT ON TABLE t TO a WITH GRANT OPTION 'x';",
    'GRANT SELECT ON TABLE t /* x */ TO a;',
    'GRANT SELECT ON TABLE t TO a -- x',
    'GRANT SELECT ON TABLE $$t$$ TO a;',
    'GRANT SELECT ON TABLE t TO a \\! id',
    'GRANT SELECT ON TABLE :x TO a;',
    'SET SESSION AUTHORIZATION DEFAULT x; GRANT SELECT ON TABLE t TO a;',
    'SET ROLE postgres; GRANT SELECT ON TABLE t TO a;',
    'SELECT 1;',
    'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO c;',
    'GRANT SELECT ON TABLE t TO "abc',
    'GRANT SELECT ON TABLE t TO "abc""',
  ])('are not read if pg_dump does not write them: %s', (sql) => {
    expect(read(sql)).toBeUndefined();
  });

  it('for many large objects are made from those for the first', () => {
    const [statement] =
      privilegeStatements('GRANT SELECT ON LARGE OBJECT 12 TO " ON LARGE OBJECT 12 ";') ?? [];
    expect(statement && forLargeObject(statement, '34').sql).toBe(
      'GRANT SELECT ON LARGE OBJECT 34 TO " ON LARGE OBJECT 12 "',
    );
  });
});

describe('SQL', () => {
  it('is split at the semicolons outside quotes', () => {
    expect(sqlStatements(`a "b;" ';' $$;$$; c -- ;\n;; `)).toEqual([`a "b;" ';' $$;$$`, 'c -- ;']);
  });

  it('is plain without strings, comments and commands of psql', () => {
    expect(isPlainStatement('DROP OPERATOR public.=== ("a\\b", :)')).toBe(false);
    expect(isPlainStatement('DROP OPERATOR public.@#> ("a\\b:", x[])')).toBe(true);
    expect(isPlainStatement('')).toBe(false);
  });
});
