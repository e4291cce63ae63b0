import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TestBed, expectSuccess, remarksOf, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
let folder: string;
beforeAll(async () => {
  bed = await startTestBed();
  folder = await mkdtemp(path.join(tmpdir(), 'backups-'));
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

it('a restore of a table over itself keeps its publications, and names what the backup lacks', async () => {
  const { database } = bed;
  const url = await database.createDatabase('shop');
  await database.query('CREATE ROLE app');
  await database.sql(
    'CREATE TABLE orders (id int PRIMARY KEY, paid boolean); INSERT INTO orders VALUES (1, true)',
    'shop',
  );
  const backup = await bed.backup({ inputs: { 'connection-string': url, storage: `${folder}/` } });
  expectSuccess(backup);
  await database.sql(
    `CREATE PUBLICATION paid FOR TABLE orders (id, paid) WHERE (paid);
     GRANT SELECT ON orders TO app; COMMENT ON TABLE orders IS 'later';
     ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON orders USING (false);`,
    'shop',
  );
  const run = await bed.restore({
    inputs: {
      'connection-string': url,
      path: backup.outputs['backup-path'] ?? '',
      tables: 'orders',
      clean: 'true',
      'confirm-database': 'shop',
    },
  });
  expectSuccess(run);
  const members = `SELECT pubname, attnames::text AS columns, rowfilter FROM pg_publication_tables`;
  expect(await database.query(members, { database: 'shop' })).toEqual([
    { pubname: 'paid', columns: '{id,paid}', rowfilter: 'paid' },
  ]);
  expect(run.log).toContain('Will add to its publication again: public.orders (paid)');
  const lost = [
    { what: 'privileges of app on', names: ['public.orders (SELECT)'] },
    { what: 'policy', names: ['public.orders none'] },
    { what: 'comment on', names: ['public.orders'] },
    { what: 'setting of', names: ['public.orders (ENABLE ROW LEVEL SECURITY)'] },
  ];
  expect(JSON.parse(run.outputs['left-out'] ?? '')).toEqual(
    expect.arrayContaining(lost.map((item) => expect.objectContaining(item))),
  );
  expect(run.log).toContain(
    'Will drop comment on public.orders: the target has it on an object that is replaced',
  );
  expect(remarksOf(run).join('\n')).toMatch(/Dropped: policy public\.orders none, because the target has it/);
  expect(run.summary).toMatch(/Left out or changed[^]*policy public&#46;orders none/);
});

it('a restore over itself names members of an operator family and the own large object that it changes', async () => {
  const { database } = bed;
  const url = await database.createDatabase('families');
  await database.query('CREATE ROLE lib');
  await database.sql(
    `CREATE TYPE pair AS (a int, b int); CREATE OPERATOR FAMILY fits USING btree;
     CREATE FUNCTION less(pair, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
     CREATE OPERATOR <<< (LEFTARG = pair, RIGHTARG = int, FUNCTION = less);
     SELECT lo_create(77); ALTER LARGE OBJECT 77 OWNER TO lib;`,
    'families',
  );
  const backup = await bed.backup({ inputs: { 'connection-string': url, storage: `${folder}/` } });
  expectSuccess(backup);
  await database.sql(
    'ALTER OPERATOR FAMILY fits USING btree ADD OPERATOR 1 <<< (pair, int); ALTER LARGE OBJECT 77 OWNER TO postgres',
    'families',
  );
  const run = await bed.restore({
    inputs: {
      'connection-string': url,
      path: backup.outputs['backup-path'] ?? '',
      clean: 'true',
      'confirm-database': 'families',
    },
  });
  expectSuccess(run);
  const member = 'public.fits USING btree (OPERATOR 1 public.<<<(public.pair,integer))';
  expect(JSON.parse(run.outputs['left-out'] ?? '')).toEqual([
    expect.objectContaining({ what: 'member of the operator family', names: [member] }),
    expect.objectContaining({ what: 'owner of', names: ['large object 77'] }),
  ]);
  expect(remarksOf(run).join('\n')).toContain(`Dropped: member of the operator family ${member}`);
});
