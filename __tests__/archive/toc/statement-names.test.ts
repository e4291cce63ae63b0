import { describe, expect, it } from '@jest/globals';
import { formatCounts, displayName } from '../../../src/archive/toc/entry-names.ts';
import { sqlWords } from '../../../src/archive/toc/sql-words.ts';
import { literalValue } from '../../../src/archive/toc/sql-literals.ts';
import {
  commentOf,
  isForAll,
  referencedTable,
  relationOfStatement,
  rolesOfPolicy,
  schemaOfTag,
  userMapping,
} from '../../../src/archive/toc/statement-names.ts';

describe('the words of a statement', () => {
  it('do not include strings, bodies and comments in any notation', () => {
    const sql = String.raw`A "b""c" 'it''s "x"' E'\'"' $$ "d" $$ $t$ $$ "e" $t$ -- "f"
      /* "g" */ é1 (2, $1) "un`;
    expect([...sqlWords(sql)].map(({ text }) => text)).toEqual([
      'A',
      'b"c',
      'é1',
      '(',
      '2',
      ',',
      '$',
      '1',
      ')',
      'u',
    ]);
  });
});

describe('the relation of a statement', () => {
  it.each([
    ['ALTER TABLE ONLY public.t\n    ADD CONSTRAINT "t ""c" PRIMARY KEY (id);', 'public.t'],
    ['ALTER TABLE "S.x"."t ON y" ALTER COLUMN id SET DEFAULT 1;', 'S.x.t ON y'],
    ['ALTER FOREIGN TABLE ONLY a.b ALTER COLUMN c SET DEFAULT 1;', 'a.b'],
    ['CREATE UNIQUE INDEX "on" ON ONLY a.b USING btree (c) WHERE (d = \' ON x.y\'::text);', 'a.b'],
    ['CREATE CONSTRAINT TRIGGER x AFTER INSERT OR UPDATE OF a, "on" ON a.b FROM c.d FOR EACH ROW', 'a.b'],
    ['\nALTER TABLE a.b DISABLE TRIGGER x;', 'a.b'],
    ['CREATE RULE "to" AS\n    ON INSERT TO a.b DO INSTEAD NOTHING;', 'a.b'],
    ['CREATE OR REPLACE VIEW a.b AS\n SELECT 1 FROM c.d', 'a.b'],
    ['CREATE POLICY p ON a.b TO c USING (true);', 'a.b'],
    ['CREATE STATISTICS a.s (ndistinct) ON x, ((y FROM 1)) FROM a.b;', 'a.b'],
    ['ALTER TABLE t ADD CHECK (true);', '.t'],
    ['ALTER DOMAIN a.b ADD CONSTRAINT c CHECK (true)', undefined],
    ['CREATE FUNCTION f() RETURNS int', undefined],
    ['', undefined],
  ])('%s', (sql, name) => {
    const found = relationOfStatement(sql);
    expect(found && `${found.schema}.${found.name}`).toBe(name);
  });

  it('differs from the referenced table of a foreign key', () => {
    const sql = 'ALTER TABLE ONLY a.b ADD CONSTRAINT "references" FOREIGN KEY (x) REFERENCES c."d e"(id);';
    expect(referencedTable(sql)).toEqual({ schema: 'c', name: 'd e' });
  });
});

describe('the names in a statement', () => {
  it('include the roles of a policy', () => {
    expect(
      rolesOfPolicy(`CREATE POLICY "to" ON a."to" AS RESTRICTIVE FOR SELECT TO x, "y z" USING (true);`),
    ).toEqual(['x', 'y z']);
    expect(rolesOfPolicy(`CREATE POLICY p ON a.b USING ((x TO y)) WITH CHECK (true);`)).toEqual([]);
  });

  it('include the role and server of a user mapping', () => {
    expect(
      userMapping(`CREATE USER MAPPING FOR "odd role" SERVER "s 1" OPTIONS ("user" 'SERVER x');`),
    ).toEqual({
      role: 'odd role',
      server: 's 1',
    });
    expect(userMapping('CREATE USER MAPPING FOR PUBLIC SERVER s;')).toEqual({ role: '', server: 's' });
  });

  it('include the schema of a tag, if it has one', () => {
    expect([schemaOfTag('SCHEMA "a ""b"'), schemaOfTag('SCHEMA public'), schemaOfTag('TABLE x')]).toEqual([
      'a "b',
      'public',
      undefined,
    ]);
  });
});

describe('names of entries in messages', () => {
  it('are short and on one line', () => {
    const named = (kind: string, schema: string, tag: string): string => displayName({ kind, schema, tag });
    expect(named('TABLE', 'a', 'b\n::c')).toBe('a.b ::c');
    expect(named('ACL', 'a', 'TABLE b')).toBe('TABLE b in a');
    expect(named('DEFAULT ACL', '', 'DEFAULT PRIVILEGES FOR TABLES')).toBe('for tables');
  });

  it('are counted by kind', () => {
    expect(formatCounts([])).toBe('nothing');
    expect(formatCounts(['table', 'view', 'table', 'foreign key', 'policy', 'policy'])).toBe(
      '2 tables, 1 view, 1 foreign key and 2 policies',
    );
  });
});

describe('the text of a string', () => {
  it.each([
    ["'it''s'", "it's"],
    ["''", ''],
    ["E'a\\\\b'''", "a\\b'"],
    ["'a\\nb'", undefined],
    ["E'a\\nb'", undefined],
    ["'a' || 'b'", undefined],
    ["'a", undefined],
    ['$$a$$', undefined],
    ['a', undefined],
  ])('%s', (sql, text) => {
    expect(literalValue(sql)).toBe(text);
  });

  it('of a comment follows IS', () => {
    expect(commentOf(`COMMENT ON EXTENSION "x IS 'y'" IS 'it''s; IS\n';\n`)).toBe("it's; IS\n");
    expect(commentOf('COMMENT ON EXTENSION x IS NULL;')).toBeUndefined();
    expect(commentOf(`DROP EXTENSION x IS 'y';`)).toBeUndefined();
  });
});

it('a publication for all tables is one by its words, not by its name', () => {
  expect(isForAll(`CREATE PUBLICATION "every one" FOR ALL TABLES WITH (publish = 'insert');`)).toBe(true);
  expect(isForAll('CREATE PUBLICATION every FOR ALL SEQUENCES;')).toBe(true);
  expect(isForAll(`CREATE PUBLICATION "x FOR ALL TABLES" WITH (publish = 'insert');`)).toBe(false);
  expect(isForAll('CREATE PUBLICATION x;')).toBe(false);
});
