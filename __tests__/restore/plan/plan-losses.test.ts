import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { planLines } from '../../../src/restore/plan/plan.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { PlanBed, type Place } from './plan-bed.ts';

const SHOP = `
  CREATE TABLE orders (id int PRIMARY KEY, total int CONSTRAINT "not negative" CHECK (total >= 0), note text);
  COMMENT ON COLUMN orders.note IS 'kept'; GRANT SELECT ON orders TO reader; GRANT SELECT (note) ON orders TO writer;
  CREATE INDEX orders_total ON orders (total); CREATE STATISTICS orders_stats ON id, total FROM orders;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE RULE quiet AS ON DELETE TO orders WHERE OLD.id < 0 DO INSTEAD NOTHING;
  ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON orders USING (true);
  ALTER TABLE orders REPLICA IDENTITY FULL; ALTER TABLE orders SET (fillfactor = 70);
  ALTER TABLE orders ALTER note SET STORAGE EXTERNAL, ALTER total SET STATISTICS 500;
  CREATE TYPE mood AS ENUM ('fine'); CREATE TABLE untouched (id int);
  INSERT INTO orders VALUES (1, 10, 'a');`;

/** What the target has on the same objects, and the backup does not. */
const MORE = `
  COMMENT ON TABLE orders IS 'ours'; COMMENT ON COLUMN orders.id IS 'ours'; COMMENT ON FUNCTION touch() IS 'ours';
  GRANT INSERT, UPDATE (total) ON orders TO reader; GRANT DELETE ON orders TO PUBLIC; GRANT USAGE ON TYPE mood TO writer;
  GRANT EXECUTE ON FUNCTION touch() TO writer;
  CREATE INDEX "our index" ON orders (note); CREATE STATISTICS our_stats ON total, note FROM orders;
  CREATE TRIGGER our_trigger AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE RULE our_rule AS ON INSERT TO orders WHERE NEW.id < 0 DO INSTEAD NOTHING;
  CREATE POLICY our_policy ON orders FOR SELECT TO reader USING (id > 0);
  ALTER TABLE orders ADD CONSTRAINT our_check CHECK (id > 0), FORCE ROW LEVEL SECURITY;
  ALTER TABLE orders SET (autovacuum_enabled = false), ALTER id SET STATISTICS 100;
  COMMENT ON TABLE untouched IS 'ours';`;

const PUBLICATIONS = `
  CREATE PUBLICATION shop FOR TABLE orders (id, total) WHERE (total > 5), untouched;
  CREATE PUBLICATION plain FOR TABLE orders; CREATE PUBLICATION everything FOR ALL TABLES;`;

captureOutput();

let bed: PlanBed;
let server: Database;
let archive: string;
let staging: Place;
const options = { clean: true, confirmDatabase: 'staging' };

beforeAll(async () => {
  [bed, server] = await Promise.all([PlanBed.make(), startDatabase()]);
  await server.createRole('reader');
  await server.createRole('writer');
  await server.createDatabase('production');
  await server.sql(SHOP, 'production');
  archive = await bed.dump({ server, database: 'production' });
});
beforeEach(async () => {
  await server.query('DROP DATABASE IF EXISTS staging WITH (FORCE)');
  await server.createDatabase('staging');
  await server.sql(SHOP, 'staging');
  staging = { server, database: 'staging' };
});
afterAll(async () => {
  await server.stop();
  await bed.remove();
});

/** What of the target is dropped, by its kind. */
async function dropped(
  changes: Parameters<PlanBed['plan']>[2] = {},
): Promise<Record<string, readonly string[]>> {
  const { omissions } = await bed.plan(archive, staging, { ...options, ...changes });
  return Object.fromEntries(omissions.filter((item) => item.dropped).map(({ what, names }) => [what, names]));
}

const MEMBERS = `
SELECT p.pubname || ': ' || r.prrelid::regclass || coalesce(' ' || (SELECT string_agg(attname, ',') FROM pg_attribute
         WHERE attrelid = r.prrelid AND attnum = ANY (r.prattrs)), '') || coalesce(' ' || pg_get_expr(prqual, prrelid), '') AS member
FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid ORDER BY 1`;

async function members(): Promise<unknown[]> {
  return (await server.query(MEMBERS, { database: 'staging' })).map(({ member }) => member);
}

describe('what is attached to a replaced object of the target', () => {
  it('is not named if the backup contains it', async () => {
    expect(await dropped()).toEqual({});
  });

  it('is named if the backup does not contain it', async () => {
    await server.sql(MORE, 'staging');
    expect(await dropped()).toEqual({
      'comment on': ['public.orders.id', 'public.orders', 'public.untouched', 'public.touch()'],
      constraint: ['public.orders our_check'],
      index: ['public.orders our index'],
      policy: ['public.orders our_policy'],
      'privileges of PUBLIC on': ['public.orders (DELETE)'],
      'privileges of reader on': ['public.orders (INSERT, UPDATE(total))'],
      'privileges of writer on': ['public.touch() (EXECUTE)', 'public.mood (USAGE)'],
      rule: ['public.orders our_rule'],
      'setting of': [
        'public.orders (ALTER COLUMN id SET STATISTICS 100)',
        'public.orders (FORCE ROW LEVEL SECURITY)',
        'public.orders (autovacuum_enabled=false)',
      ],
      'statistics object': ['public.orders our_stats'],
      trigger: ['public.orders our_trigger'],
    });
    const lines = planLines(await bed.plan(archive, staging, options));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^Will drop trigger public\.orders our_trigger: the target has it on an object that is replaced/,
      ),
    );
  });

  it('is not named for an object that is not replaced', async () => {
    await server.sql(MORE, 'staging');
    expect(await dropped({ filters: { schemas: [], tables: ['untouched'] } })).toEqual({
      'comment on': ['public.untouched'],
    });
  });

  it('includes every privilege with no-privileges', async () => {
    expect(await dropped({ noPrivileges: true })).toEqual({
      'privileges of reader on': ['public.orders (SELECT)'],
      'privileges of writer on': ['public.orders (SELECT(note))'],
    });
  });

  it('includes the attachment to a parent that is not in the backup', async () => {
    await server.sql(
      'DROP TABLE untouched; CREATE TABLE parent (id int) PARTITION BY LIST (id); CREATE TABLE untouched PARTITION OF parent DEFAULT',
      'staging',
    );
    expect(await dropped({ filters: { schemas: [], tables: ['untouched'] } })).toEqual({
      'attachment to its parent of': ['public.untouched (parent)'],
    });
  });
});

describe('a replaced table', () => {
  it.each([
    ['with everything else', { schemas: [], tables: [] }],
    ['alone', { schemas: [], tables: ['orders'] }],
  ])('%s stays in its publications, with its columns and row filter', async (_, filters) => {
    await server.sql(PUBLICATIONS, 'staging');
    const before = await members();
    const plan = await bed.restore(archive, staging, { ...options, filters });
    expect(await members()).toEqual(before);
    expect(planLines(plan).join('\n')).toMatch(
      /Will add to its publication again: .*public\.orders \(shop\)/,
    );
    expect(plan.omissions.filter(({ dropped: isDropped }) => isDropped)).toEqual([]);
  });

  it('is named where the role may not add it to its publication again', async () => {
    await server.sql(PUBLICATIONS, 'staging');
    const owner = await server.createRole('owner');
    await server.sql('ALTER DATABASE staging OWNER TO owner; ALTER TABLE orders OWNER TO owner', 'staging');
    const filters = { schemas: [], tables: ['orders'] };
    const plan = await bed.plan(archive, { ...staging, as: owner }, { ...options, filters });
    expect(plan.rejoins).toEqual([]);
    expect(plan.omissions.filter(({ dropped: isDropped }) => isDropped)).toMatchObject([
      {
        what: 'membership in a publication of',
        names: ['public.orders (plain)', 'public.orders (shop)'],
        level: 'warning',
      },
    ]);
  });

  it('is named with the other tables of a publication that is replaced itself', async () => {
    await server.sql('CREATE PUBLICATION shop FOR TABLE orders', 'production');
    const withPublication = await bed.dump({ server, database: 'production' });
    await server.sql('DROP PUBLICATION shop', 'production');
    await server.sql(
      'CREATE TABLE extra (id int); CREATE PUBLICATION shop FOR TABLE orders, extra',
      'staging',
    );
    const plan = await bed.restore(withPublication, staging, options);
    expect(await members()).toEqual(['shop: orders']);
    expect(plan.omissions.filter(({ dropped: isDropped }) => isDropped)).toMatchObject([
      { what: 'membership in a publication of', names: ['public.extra (shop)'] },
    ]);
  });
});

it.each(['16', '18'] as const)(
  'the target can be asked for what is attached on version %s (thorough)',
  async (version) => {
    const other = await startDatabase({ version });
    try {
      await other.sql('CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t');
      const { attached } = await bed.examine({ server: other, database: 'postgres' }, undefined, true);
      expect(attached.map(({ kind, name, detail }) => [kind, name, detail])).toContainEqual([
        'publication',
        'p',
        ' ',
      ]);
    } finally {
      await other.stop();
    }
  },
);
