import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Manifest } from '../../../src/archive/content/manifest.ts';
import type { VerificationRequest } from '../../../src/restore/verify/verification-request.ts';
import { oneLine } from '../../../src/runner/plain-text.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { ODD_DATABASE } from '../../archive/content/odd-database.ts';
import { type RestoreBed, type TestArchive, startRestoreBed } from '../apply/restore-bed.ts';

captureOutput();

let bed: RestoreBed;
let odd: TestArchive;

/** Names that the patterns of pg_dump, and the files that it reads them from, could take for something else. */
const MORE_NAMES = `
CREATE TABLE "a\\b\\n" AS SELECT 1 AS id; CREATE TABLE "carriage\rreturn" AS SELECT 2 AS id;
CREATE TABLE "wild*?" AS SELECT 3 AS id; CREATE TABLE "# no comment" AS SELECT 4 AS id;
CREATE TABLE "trailing \n" AS SELECT 5 AS id; CREATE SEQUENCE "Se*q
uence";`;

beforeAll(async () => {
  bed = await startRestoreBed('17', ['fsync = off']);
  odd = await bed.dump(await bed.database(ODD_DATABASE + MORE_NAMES));
});
afterAll(() => bed.stop());

/** A database that an archive has been restored into, and that a script has changed since. */
async function restored(archive: TestArchive, change = ''): Promise<string> {
  const target = await bed.database();
  await bed.restore(archive, target);
  if (change !== '') await bed.server.sql(change, target);
  return target;
}

async function differences(
  archive: TestArchive,
  target: string,
  changes: Partial<VerificationRequest> = {},
): Promise<string> {
  return (await userErrorOf(bed.verify(archive, target, changes))).message;
}

/** What is left of what is expected when only some tables were restored. */
function only(manifest: Manifest, isWanted: (name: string) => boolean): VerificationRequest['expected'] {
  return {
    tables: manifest.tables.filter(({ name }) => isWanted(name)),
    sequences: manifest.sequences.filter(({ name }) => isWanted(name)),
    largeObjects: { count: 0, bytes: 0, sha256: '0'.repeat(64) },
  };
}

describe('the verification of a restore', () => {
  it('succeeds and counts what was restored', async () => {
    expect(await bed.verify(odd, await restored(odd))).toEqual({
      tables: odd.manifest.tables.length,
      rows: odd.manifest.rows,
      sequences: 5,
      largeObjects: 3,
    });
  });

  it.each([
    [
      'a value',
      `UPDATE users SET note = 'eton' WHERE id = 7`,
      'public.users has 500 rows, as expected, but their contents differ',
    ],
    [
      'a value of the same length',
      `UPDATE users SET note = 'eton' WHERE note = 'note' AND id = 8`,
      'public.users has 500 rows, as expected, but their contents differ',
    ],
    ['a lost row', 'DELETE FROM users WHERE id = 500', 'public.users has 499 rows instead of 500 rows'],
    [
      'a row twice',
      'INSERT INTO no_columns DEFAULT VALUES',
      'public.no_columns has 4 rows instead of 3 rows',
    ],
    ['a lost table', 'DROP TABLE some_generated', 'public.some_generated is missing (11 rows expected)'],
    [
      'a table too many',
      'CREATE TABLE surplus AS SELECT 1 AS id',
      'public.surplus has 1 row instead of none',
    ],
    [
      'a renamed column',
      'ALTER TABLE users RENAME note TO remark',
      'public.users has the columns (id, name, remark) instead of (id, name, note)',
    ],
    [
      'a sequence',
      `SELECT nextval('users_id_seq')`,
      'the sequence public.users_id_seq is at 501 instead of at 500',
    ],
    ['a large object', `SELECT lo_put(1002, 0, 'two')`, 'the 3 large objects have other contents'],
    [
      'a lost large object',
      'SELECT lo_unlink(1003)',
      'there are 2 large objects of 60 kB instead of 3 large objects of 60 kB',
    ],
    [
      'rows swapped between columns',
      `UPDATE "select" SET "a\nb" = "c, d", "c, d" = "a\nb"`,
      'public."select" has 2 rows, as expected, but their contents differ',
    ],
    [
      'NULL for the text that looks like it',
      String.raw`UPDATE hostile_values SET value = NULL WHERE value = '\N'`,
      'public.hostile_values has 14 rows, as expected, but their contents differ',
    ],
  ])('reports the difference: %s', async (_, change, difference) => {
    expect(await differences(odd, await restored(odd, change))).toBe(
      `The restored database differs from the backup: ${difference}.`,
    );
  });

  it('ignores the order of rows if it can read the archive again', async () => {
    const target = await restored(odd, 'UPDATE users SET name = name WHERE id < 100');
    await bed.verify(odd, target);
    expect(await differences({ ...odd, dumpIds: [] }, target)).toContain(
      'public.users has 500 rows, as expected, but their contents differ',
    );
  });

  it.each([
    ['by names in a file', 17],
    ['by names in the arguments', 16],
  ])('compares only what was restored, selected %s', async (_, major) => {
    const target = await restored(
      odd,
      `DROP TABLE some_generated; CREATE TABLE surplus AS SELECT 1; CREATE TABLE "Users" (id int); SELECT lo_unlink(1001)`,
    );
    const expected = only(odd.manifest, (name) => !name.includes('generated'));
    const session = bed.session(target, {}, { major });
    expect(await bed.verify(odd, target, { expected, everything: false, session })).toMatchObject({
      tables: expected.tables.length,
      largeObjects: 0,
    });
    for (const { name, schema, table } of expected.tables.filter((each) => /[*\n\\]/.test(each.name))) {
      await bed.server.sql(
        `ALTER TABLE "${schema}"."${table.replaceAll('"', '""')}" RENAME TO "off"`,
        target,
      );
      expect(await differences(odd, target, { expected, everything: false, session })).toContain(
        `${oneLine(name)} is missing`,
      );
      await bed.server.sql(
        `ALTER TABLE "${schema}"."off" RENAME TO "${table.replaceAll('"', '""')}"`,
        target,
      );
    }
  });

  it('compares only the restored large objects when the target has others', async () => {
    const target = await restored(odd, `SELECT lo_from_bytea(5000, 'before')`);
    const some = { everything: false, largeObjectIds: new Set(['1001', '1002', '1003']) };
    expect(await bed.verify(odd, target, some)).toMatchObject({ largeObjects: 3 });
    expect(await differences(odd, target, { everything: false })).toContain('there are 4 large objects');
    await bed.server.sql(`SELECT lo_put(1001, 0, 'x')`, target);
    expect(await differences(odd, target, some)).toContain('the 3 large objects have other contents');
  });

  it('succeeds with an empty target when nothing is expected', async () => {
    const expected = only(odd.manifest, () => false);
    const target = await bed.database();
    expect(await bed.verify(odd, target, { expected })).toEqual({
      tables: 0,
      rows: 0,
      sequences: 0,
      largeObjects: 0,
    });
    expect(await differences(odd, target, { everything: false })).toContain('is missing');
  });

  it('ignores that the columns of a child table have another order after the restore', async () => {
    const archive = await bed.dump(
      await bed.database(`
        CREATE TABLE parent (a int, b text);
        CREATE TABLE child (z text, b text, a int); ALTER TABLE child INHERIT parent;
        INSERT INTO child SELECT 'z' || g, 'b' || g, g FROM generate_series(1, 1000) g;
        INSERT INTO parent VALUES (0, NULL)`),
    );
    const children = archive.manifest.tables.filter(({ name }) => name === 'public.child');
    expect(children.map(({ columns }) => columns)).toEqual(['z, b, a']);
    const target = await restored(
      archive,
      'CREATE TABLE moved AS SELECT a, b, z FROM child; DROP TABLE child; ALTER TABLE moved RENAME TO child',
    );
    expect(await bed.verify(archive, target)).toMatchObject({ rows: 1001 });
    await bed.server.sql(`UPDATE child SET b = z, z = b WHERE a = 500`, target);
    expect(await differences(archive, target)).toContain(
      'public.child has 1,000 rows, as expected, but their contents differ',
    );
  });

  it('succeeds with rows that were loaded through a partitioned table and have another order', async () => {
    const source = await bed.database(`
      CREATE TABLE ev (id int, k int, note text) PARTITION BY LIST (k);
      CREATE TABLE ev1 PARTITION OF ev FOR VALUES IN (1);
      CREATE TABLE ev2 (note text, k int, id int); ALTER TABLE ev ATTACH PARTITION ev2 FOR VALUES IN (0);
      INSERT INTO ev SELECT g, g % 2, (SELECT string_agg(md5(g::text || i), '') FROM generate_series(0, hashint4(g) & 31) i)
      FROM generate_series(1, 5000) g;
      DELETE FROM ev WHERE id % 10 = 3;
      CREATE TABLE beside AS SELECT 1 AS id`);
    const archive = await bed.dump(source, '--load-via-partition-root');
    expect(archive.manifest.tables.map(({ name }) => name)).toEqual(['public.beside', 'public.ev']);
    const target = await restored(archive);
    const order = (name: string) =>
      bed.server.query(
        `SELECT md5(string_agg(id::text, ',' ORDER BY tableoid::regclass::text, ctid)) FROM ev`,
        { database: name },
      );
    expect(await order(target)).not.toEqual(await order(source));
    for (const everything of [true, false]) {
      expect(await bed.verify(archive, target, { everything })).toMatchObject({ tables: 2, rows: 4501 });
    }
    const expected = only(archive.manifest, (name) => name === 'public.ev');
    expect(await bed.verify(archive, target, { expected, everything: false })).toMatchObject({ rows: 4500 });
    await bed.server.sql('UPDATE ev SET id = 4 WHERE id = 5', target);
    expect(await differences(archive, target)).toContain(
      'public.ev has 4,500 rows, as expected, but their contents differ',
    );
  });

  it('recognises that pg_dump loads tables partitioned by the hash of an enumeration through their root', async () => {
    const archive = await bed.dump(
      await bed.database(`
        CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd');
        CREATE TABLE hashed (m mood, n int) PARTITION BY HASH (m);
        CREATE TABLE hashed0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE hashed1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE listed (n int) PARTITION BY LIST (n); CREATE TABLE listed1 PARTITION OF listed DEFAULT;
        INSERT INTO hashed SELECT (enum_range(NULL::mood))[1 + g % 4], g FROM generate_series(1, 100) g;
        INSERT INTO listed VALUES (1), (2)`),
    );
    expect(archive.manifest.tables.map(({ name }) => name)).toEqual(['public.hashed', 'public.listed1']);
    const target = await restored(archive);
    await bed.verify(archive, target);
    await bed.verify(archive, target, { everything: false });
  });

  it('compares tables of extensions as the archive has them', async () => {
    const extension = `
      CREATE EXTENSION pg_trgm; CREATE TABLE settings (name text, builtin boolean);
      INSERT INTO settings VALUES ('built in', true);
      ALTER EXTENSION pg_trgm ADD TABLE settings;
      UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid], extcondition = ARRAY['WHERE NOT builtin']
      WHERE extname = 'pg_trgm';`;
    const source = await bed.database(
      `${extension} INSERT INTO settings VALUES ('my own', false); CREATE TABLE t AS SELECT 1`,
    );
    const archive = await bed.dump(source);
    expect(archive.manifest.tables.map(({ name, rows }) => [name, rows])).toEqual([
      ['public.settings', 1],
      ['public.t', 1],
    ]);
    const target = await bed.database(extension);
    const { stdout } = await bed.pgRestore(['--list', archive.file]);
    const rest = [...stdout.matchAll(/^(\d+); (?!.* EXTENSION )/gm)].map(([, id]) => Number(id));
    await bed.restore({ ...archive, dumpIds: rest }, target);
    expect(await bed.verify(archive, target)).toMatchObject({ tables: 2, rows: 2 });
    expect(await bed.verify(archive, target, { everything: false })).toMatchObject({ tables: 2, rows: 2 });
  });

  it('compares text in the encoding of the archive', async () => {
    await bed.server.query(
      `CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    await bed.server.sql(`CREATE TABLE "größe" AS SELECT 'é'::text AS "ä"`, 'latin');
    const archive = await bed.dump('latin');
    const target = await restored(archive);
    for (const everything of [true, false]) {
      expect(await bed.verify(archive, target, { encoding: 'LATIN1', everything })).toMatchObject({
        rows: 1,
      });
    }
  });
});
