import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RestoreOptions } from '../../../src/restore/plan/plan-request.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { PlanBed, type Place } from '../plan/plan-bed.ts';
import { userErrorOf } from '../../support/user-error.ts';

captureOutput();

/** Of its identity column, pg_dump prints the value only with the partitioned table itself. */
const PARTITIONED = `
CREATE TABLE pt (id int GENERATED ALWAYS AS IDENTITY, k int) PARTITION BY LIST (k);
CREATE TABLE pt_1 PARTITION OF pt FOR VALUES IN (1); CREATE TABLE pt_2 PARTITION OF pt DEFAULT;
INSERT INTO pt (k) SELECT g % 3 FROM generate_series(1, 30) g;
CREATE SEQUENCE alone; SELECT setval('alone', 5, false); CREATE TABLE serials (id serial); INSERT INTO serials DEFAULT VALUES;`;
const NOTHING_ELSE = { schemas: [], tables: [] };

/** An extension with tables of its own, as postgis and the like have them; one row of the user's. */
const EXTENSION = `
CREATE EXTENSION pg_trgm; CREATE TABLE settings (name text, builtin boolean); CREATE TABLE internals AS SELECT 1 AS id; CREATE SEQUENCE counted;
INSERT INTO settings VALUES ('built in', true);
ALTER EXTENSION pg_trgm ADD TABLE settings; ALTER EXTENSION pg_trgm ADD TABLE internals; ALTER EXTENSION pg_trgm ADD SEQUENCE counted;
UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid, 'counted'::regclass], extcondition = ARRAY['WHERE NOT builtin', ''] WHERE extname = 'pg_trgm';`;

let bed: PlanBed;
let server: Database;
beforeAll(async () => {
  bed = await PlanBed.make();
  server = await startDatabase();
});
afterAll(async () => {
  await server.stop();
  await bed.remove();
});

let sources = 0;
async function dumped(script: string, at = server): Promise<{ archive: string; place: Place }> {
  sources += 1;
  const database = `source_${sources}`;
  await at.createDatabase(database);
  await at.sql(script, database);
  return { archive: await bed.dump({ server: at, database }), place: { server: at, database } };
}

describe('what is dumped again to verify a restore (thorough)', () => {
  it.each<[string, Partial<RestoreOptions>, string]>([
    ['into an empty database', {}, ''],
    ['over itself', { clean: true }, 'the same'],
    ['of that table alone', { filters: { schemas: [], tables: ['pt', 'pt_1', 'pt_2'] } }, ''],
    ['beside another table', { filters: NOTHING_ELSE }, 'CREATE TABLE beside AS SELECT 1 AS id'],
  ])('includes the identity of a partitioned table: %s', async (_, options, before) => {
    const { archive, place } = await dumped(PARTITIONED);
    const target = before === 'the same' ? place : await bed.emptyDatabase(server);
    if (target !== place && before !== '') await server.sql(before, target.database);
    const { verify } = await bed.restoreForVerification(archive, target, {
      ...options,
      confirmDatabase: target.database,
    });
    await verify();
    await server.sql(`SELECT nextval('pt_id_seq')`, target.database);
    expect((await userErrorOf(verify())).message).toContain(
      'the sequence public.pt_id_seq is at 31 instead of at 30',
    );
  });

  it('includes sequences where there are no tables', async () => {
    const { archive } = await dumped('CREATE SEQUENCE alone; CREATE TABLE other AS SELECT 1 AS id');
    const target = await bed.emptyDatabase(server);
    await server.sql('CREATE TABLE beside AS SELECT 1 AS id', target.database);
    const { verify } = await bed.restoreForVerification(archive, target, {
      filters: { schemas: [], tables: ['alone'] },
      confirmDatabase: target.database,
    });
    await verify();
    await server.sql(`SELECT nextval('alone')`, target.database);
    expect((await userErrorOf(verify())).message).toContain(
      'the sequence public.alone is at 1 instead of before 1',
    );
  });

  it.each([
    ['a superuser', ''],
    ["the database's owner", 'keeper'],
  ])(
    'leaves out the rows of an extension that was there, which the plan has left out: %s',
    async (_, owner) => {
      const { archive } = await dumped(
        `${EXTENSION} INSERT INTO settings VALUES ('my own', false); CREATE TABLE t AS SELECT 1 AS id`,
      );
      const as = owner === '' ? undefined : await server.createRole(owner);
      const target = await bed.emptyDatabase(server, as);
      await server.sql(
        `${EXTENSION} INSERT INTO settings VALUES ('of the target', false); SELECT nextval('counted')`,
        target.database,
      );
      const { plan, verify } = await bed.restoreForVerification(archive, target);
      expect(plan.omissions.map(({ what }) => what)).toContain('rows of');
      await verify();
      await server.sql('CREATE TABLE surplus AS SELECT 1 AS id', target.database);
      await server.sql(`GRANT SELECT ON surplus TO PUBLIC`, target.database);
      expect((await userErrorOf(verify())).message).toContain('public.surplus has 1 row instead of none');
    },
  );
});

describe('a server with few locks (thorough)', () => {
  const TABLES = 1500;
  let small: Database;
  beforeAll(async () => {
    small = await startDatabase({
      settings: ['max_locks_per_transaction = 16', 'max_connections = 20', 'autovacuum = off'],
    });
  });
  afterAll(() => small.stop());

  it('takes the verification of more tables than it has locks for, after a restore over several connections', async () => {
    const database = 'many';
    await server.createDatabase(database);
    // Each is a transaction of its own.
    await server.query(
      `DO $$ BEGIN FOR i IN 1..${TABLES} LOOP
         EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, n int CHECK (n > 0))', i);
         EXECUTE format('INSERT INTO t%s (n) VALUES (%s)', i, i); COMMIT; END LOOP; END $$`,
      { database },
    );
    await server.sql(
      `SELECT lo_from_bytea(77, 'x'); CREATE VIEW v AS SELECT id FROM t1; CREATE TABLE part (k int) PARTITION BY LIST (k);
       CREATE TABLE part1 PARTITION OF part DEFAULT; INSERT INTO part VALUES (1); CREATE PUBLICATION p FOR TABLE t7;
       CREATE TABLE child () INHERITS (t9);`,
      database,
    );
    const archive = await bed.dump({ server, database });
    const target = await bed.emptyDatabase(small);
    const { verify } = await bed.restoreForVerification(archive, target, { jobs: 2 });
    expect(await verify()).toMatchObject({ notCompared: [] });
    await small.sql(
      'DROP INDEX IF EXISTS nothing; ALTER TABLE t1499 DROP CONSTRAINT t1499_n_check; CREATE INDEX surplus ON t5 (n)',
      target.database,
    );
    const error = await userErrorOf(verify());
    expect(error.message).toContain('the table public.t1499 has another definition');
    expect(error.message).toContain('the index public.surplus is not in the backup');
    await small.sql('UPDATE t1498 SET n = 5', target.database);
    expect((await userErrorOf(verify())).message).toContain(
      'public.t1498 has 1 row, as expected, but their contents differ',
    );
  }, 400_000);
});
