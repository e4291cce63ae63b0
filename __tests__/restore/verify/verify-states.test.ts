import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GENERATED_NOT_COMPARED } from '../../../src/restore/verify/compare-generated.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { PlanBed, type Restored } from '../plan/plan-bed.ts';
import { VERSIONED } from './versioned-objects.ts';

captureOutput();

let bed: PlanBed;
let server: Database;
let restored: Restored;
let copies = 0;

beforeAll(async () => {
  bed = await PlanBed.make();
  server = await startDatabase();
  await server.createDatabase('source');
  await server.sql(VERSIONED, 'source');
  await server.sql(
    'REFRESH MATERIALIZED VIEW kept; CREATE TABLE unused (id int); ALTER TABLE unused ADD UNIQUE (id) DEFERRABLE',
    'source',
  );
  const archive = await bed.dump({ server, database: 'source' });
  await server.createDatabase('whole');
  restored = await bed.restoreForVerification(archive, { server, database: 'whole' });
});
afterAll(async () => {
  await server.stop();
  await bed.remove();
});

/** Something that a restore must not leave in another state, and how the verification names it. */
const STATES: readonly (readonly [string, string])[] = [
  ['ALTER TABLE other DISABLE TRIGGER ALL', 'the constraint public.other other_plain_fkey is not enforced'],
  ['ALTER TABLE unused DISABLE TRIGGER ALL', 'the constraint public.unused unused_id_key is not enforced'],
  ['REFRESH MATERIALIZED VIEW kept WITH NO DATA', 'the materialized view public.kept is not filled'],
  [
    `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'of_parted'::regclass`,
    'the index public.parted of_parted is invalid',
  ],
  [
    `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'lowered'::regclass`,
    'the index public.lowered is missing',
  ],
  [
    `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'named'::regclass`,
    'the constraint public.plain named is missing',
  ],
  [
    `UPDATE pg_constraint SET convalidated = false WHERE conname = 'other_plain_fkey'`,
    'the foreign key public.other other_plain_fkey has another definition',
  ],
  [
    'ALTER TABLE loose VALIDATE CONSTRAINT later',
    'the check constraint public.loose later is missing; the table public.loose has another definition',
  ],
  ['ALTER TABLE plain ENABLE TRIGGER sleeping', 'the trigger public.plain sleeping has another definition'],
  [
    'ALTER TABLE plain ENABLE REPLICA TRIGGER acting',
    'the trigger public.plain acting has another definition',
  ],
  ['ALTER EVENT TRIGGER ddl ENABLE', 'the event trigger ddl has another definition'],
  ['ALTER TABLE plain DISABLE ROW LEVEL SECURITY', 'the row security public.plain is missing'],
  ['ALTER TABLE unused ENABLE ROW LEVEL SECURITY', 'the row security public.unused is not in the backup'],
  ['ALTER TABLE other NO FORCE ROW LEVEL SECURITY', 'the table public.other has another definition'],
  ['ALTER TABLE plain REPLICA IDENTITY DEFAULT', 'the table public.plain has another definition'],
  [
    'ALTER TABLE plain REPLICA IDENTITY USING INDEX plain_pkey',
    'the constraint public.plain plain_pkey has another definition',
  ],
  ['ALTER TABLE plain SET WITHOUT CLUSTER', 'the index public.clustered has another definition'],
  ['ALTER TABLE plain SET (fillfactor = 71)', 'the table public.plain has another definition'],
  ['ALTER TABLE plain RESET (toast.autovacuum_enabled)', 'the table public.plain has another definition'],
  ['ALTER TABLE plain ALTER a SET STATISTICS 501', 'the table public.plain has another definition'],
  ['ALTER TABLE plain ALTER b RESET (n_distinct)', 'the table public.plain has another definition'],
  ['ALTER INDEX lowered ALTER COLUMN 1 SET STATISTICS 51', 'the index public.lowered has another definition'],
  ['ALTER STATISTICS ab SET STATISTICS 71', 'the statistics object public.ab has another definition'],
  ['DROP STATISTICS ab', 'the statistics object public.ab is missing'],
  ['ALTER TABLE plain ALTER b SET STORAGE EXTENDED', 'the table public.plain has another definition'],
  ['ALTER TABLE plain ALTER b SET COMPRESSION pglz', 'the table public.plain has another definition'],
  ['ALTER TABLE plain ALTER a DROP NOT NULL', 'the table public.plain has another definition'],
  ['ALTER TABLE plain ALTER s SET DEFAULT NULL', 'the table public.plain has another definition'],
  ['ALTER SEQUENCE counted OWNED BY NONE', 'the sequence owned by public.counted is missing'],
  ['ALTER SEQUENCE counted NO CYCLE', 'the sequence public.counted has another definition'],
  ['ALTER TABLE unused SET UNLOGGED', 'the table public.unused has another definition'],
  ['ALTER TABLE child NO INHERIT other', 'the table public.child has another definition'],
  ['ALTER TABLE parted DETACH PARTITION parted2', 'the partition attachment of public.parted2 is missing'],
  ['ALTER PUBLICATION pub DROP TABLE ONLY other', 'the table of a publication public.pub other is missing'],
  [`ALTER PUBLICATION pub SET (publish = 'insert')`, 'the publication pub has another definition'],
  ['DROP POLICY own ON plain', 'the policy public.plain own is missing'],
  ['ALTER FUNCTION gives SET work_mem = 2048', 'the function public.gives(integer[]) has another definition'],
  [
    `COMMENT ON CONSTRAINT named ON plain IS 'other'`,
    'the comment on CONSTRAINT named ON plain in public has another definition',
  ],
];

describe('the state of what was restored (thorough)', () => {
  it('is that of the backup after a restore', async () => {
    expect(await restored.verify()).toMatchObject({ notCompared: [GENERATED_NOT_COMPARED] });
  });

  it.each(STATES)('is noticed to be another: %s', async (sql, difference) => {
    copies += 1;
    const database = `changed_${copies}`;
    await server.query(`CREATE DATABASE ${database} TEMPLATE whole STRATEGY file_copy`);
    await server.sql(sql, database);
    expect((await userErrorOf(restored.verify(database))).message).toContain(difference);
    await server.query(`DROP DATABASE ${database}`);
  });
});
