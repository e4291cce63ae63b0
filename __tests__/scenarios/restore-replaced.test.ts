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
  expect(run.summary).toMatch(/Left out, changed or dropped[^]*policy public&#46;orders none/);
});
