import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Definition } from '../../../src/archive/content/manifest.ts';
import { definitionsOf } from '../../../src/archive/toc/definitions.ts';
import { tocOf } from './toc-of.ts';
import { type SmallEntry, smallArchive } from './small-archive.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'definitions-test-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function definitions(...entries: readonly SmallEntry[]): Promise<Definition[]> {
  const file = join(folder, 'small.bak');
  await writeFile(file, smallArchive(16, entries));
  return definitionsOf((await tocOf(file)).entries);
}

const TABLE: SmallEntry = { id: 7, kind: 'TABLE', tag: 't', definition: 'CREATE TABLE public.t (x int);\n' };
const VIEW: SmallEntry = { id: 8, kind: 'VIEW', tag: 'v', definition: 'CREATE VIEW public.v AS SELECT 1;\n' };

describe('the definitions of an archive', () => {
  it('are named and sorted', async () => {
    const found = await definitions(VIEW, TABLE, {
      ...TABLE,
      id: 9,
      kind: 'SCHEMA',
      tag: 's',
      schema: undefined,
    });
    expect(found.map(({ kind, name }) => [kind, name])).toEqual([
      ['SCHEMA', 's'],
      ['TABLE', 'public.t'],
      ['VIEW', 'public.v'],
    ]);
  });

  it.each<[string, Partial<SmallEntry>]>([
    ['number of the entry', { id: 70 }],
    ['OID', { oid: 99_999 }],
    ['list of dependencies', { dependencies: ['8', '4711'] }],
  ])('have the same digests with another %s', async (_, change) => {
    expect(await definitions({ ...TABLE, ...change }, VIEW)).toEqual(await definitions(TABLE, VIEW));
  });

  it('have the same digests in any order', async () => {
    expect(await definitions(VIEW, TABLE)).toEqual(await definitions(TABLE, VIEW));
  });

  it.each<[string, Partial<SmallEntry>]>([
    ['a letter of the statement', { definition: 'CREATE TABLE public.t (y int);\n' }],
    ['a space at its end', { definition: 'CREATE TABLE public.t (x int);\n ' }],
    ['a byte that is no UTF-8', { definition: Buffer.from('CREATE TABLE public.t (\xe9 int);\n', 'latin1') }],
    ['the same letter in UTF-8', { definition: 'CREATE TABLE public.t (é int);\n' }],
    ['the drop statement', { drop: 'DROP TABLE public.t CASCADE;\n' }],
    ['the name', { tag: 'u' }],
    ['the schema', { schema: 'other' }],
    ['the kind', { kind: 'FOREIGN TABLE' }],
    ['the owner', { owner: 'somebody' }],
    ['the tablespace', { tablespace: 'fast' }],
    ['the access method', { accessMethod: 'columnar' }],
    ['a text that moves from one place to the next', { tag: '', schema: 'publict' }],
  ])('have another digest if the difference is %s', async (_, change) => {
    const [before] = await definitions(TABLE);
    const [after] = await definitions({ ...TABLE, ...change });
    expect(after?.sha256).not.toBe(before?.sha256);
  });

  it('have different digests for the same letter in different encodings', async () => {
    const of = async (definition: string | Buffer): Promise<string | undefined> =>
      (await definitions({ ...TABLE, definition }))[0]?.sha256;
    expect(await of(Buffer.of(0xe9))).not.toBe(await of('é'));
  });

  it('do not include contents', async () => {
    const data = { section: 3, definition: '' };
    const found = await definitions(
      { id: 5, kind: 'TABLE DATA', tag: 't', ...data, copy: 'COPY public.t (x) FROM stdin;\n' },
      {
        id: 6,
        kind: 'SEQUENCE SET',
        tag: 's',
        ...data,
        definition: "SELECT pg_catalog.setval('public.s', 1, true);\n",
      },
      { id: 7, kind: 'BLOBS', tag: 'BLOBS', ...data },
      {
        id: 8,
        kind: 'STATISTICS DATA',
        tag: 't',
        ...data,
        definition: 'SELECT * FROM pg_catalog.pg_restore_x();\n',
      },
    );
    expect(found).toEqual([]);
  });

  it('include comments, privileges and labels of everything else', async () => {
    const found = await definitions(
      ...['COMMENT', 'ACL', 'SECURITY LABEL', 'DEFAULT ACL'].map((kind, at) => ({
        id: at + 1,
        kind,
        tag: 'TABLE database',
        section: 1,
      })),
    );
    expect(found).toHaveLength(4);
  });
});

describe('the properties of the database itself', () => {
  const properties = (name: string, change: Partial<Record<string, string>> = {}): Promise<Definition[]> => {
    const quoted = /^[a-z]+$/.test(name) ? name : `"${name}"`;
    const sql: Record<string, string> = {
      DATABASE: `CREATE DATABASE ${quoted} WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C';\n`,
      'DATABASE PROPERTIES':
        `ALTER DATABASE ${quoted} CONNECTION LIMIT = 5;\nALTER DATABASE ${quoted} SET a TO 'DATABASE ${name}';\n` +
        `ALTER ROLE "DATABASE" IN DATABASE ${quoted} SET a TO '1';\nALTER ROLE b IN DATABASE ${quoted} SET a TO '2';\n`,
      COMMENT: `COMMENT ON DATABASE ${quoted} IS 'x';\n`,
      'SECURITY LABEL': `SECURITY LABEL FOR p ON DATABASE ${quoted} IS 'x';\n`,
      ACL: `GRANT CONNECT ON DATABASE ${quoted} TO ${quoted};\n`,
    };
    const entries = Object.keys(sql).map((kind, at): SmallEntry => ({
      id: at + 1,
      kind,
      tag: kind.startsWith('DATABASE') ? name : `DATABASE ${quoted}`,
      schema: undefined,
      definition: change[kind] ?? sql[kind] ?? '',
      ...(change['owner'] === undefined ? {} : { owner: change['owner'] }),
    }));
    return definitions(...entries);
  };

  it('are definitions, one for each kind', async () => {
    expect((await properties('shop')).map(({ kind, name }) => [kind, name])).toEqual(
      ['ACL', 'COMMENT', 'DATABASE', 'DATABASE PROPERTIES', 'SECURITY LABEL'].map((kind) => [
        kind,
        'DATABASE',
      ]),
    );
  });

  it.each(['other', 'my-shop', 'database'])('have the same digests under the name %s', async (name) => {
    // A value and a role that are called like the database are no names of it.
    const differing = (await properties(name)).filter(({ sha256 }, at) => sha256 !== expected[at]?.sha256);
    expect(differing.map(({ kind }) => kind)).toEqual(['ACL', 'DATABASE PROPERTIES']);
  });

  let expected: readonly Definition[];
  beforeAll(async () => {
    expected = await properties('shop');
  });

  it('have the same digests in another order of the settings of roles', async () => {
    const sql = `ALTER ROLE b IN DATABASE shop SET a TO '2';\nALTER ROLE c IN DATABASE shop SET a TO '1';\n`;
    const reversed = `${sql.split('\n').slice(0, 2).reverse().join('\n')}\n`;
    expect(reversed).not.toBe(sql);
    expect(await properties('shop', { 'DATABASE PROPERTIES': reversed })).toEqual(
      await properties('shop', { 'DATABASE PROPERTIES': sql }),
    );
  });

  it.each<[string, string]>([
    ['DATABASE PROPERTIES', `ALTER DATABASE shop SET a TO 'c';\n`],
    ['COMMENT', `COMMENT ON DATABASE shop IS 'y';\n`],
    ['ACL', 'GRANT CONNECT ON DATABASE shop TO other;\n'],
    ['SECURITY LABEL', `SECURITY LABEL FOR p ON DATABASE shop IS 'y';\n`],
    ['DATABASE', `CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'de_DE';\n`],
    ['owner', 'somebody'],
  ])('have other digests after a change of %s', async (kind, change) => {
    expect(await properties('shop', { [kind]: change })).not.toEqual(expected);
  });
});
