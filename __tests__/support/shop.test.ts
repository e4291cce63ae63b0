import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Database, type Row, startDatabase } from './database.ts';
import { countRows, fillLarge, fillShop } from './shop.ts';

/** A digest of every row of every table, and of the large objects. */
async function contentOf(server: Database, database: string): Promise<Row[]> {
  const names = Object.keys(await countRows(server, database));
  const tables = names.map(
    (name) =>
      `SELECT '${name}' AS name, md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS content FROM ${name} t`,
  );
  const objects =
    'SELECT loid::text, md5(string_agg(data, NULL ORDER BY pageno)) FROM pg_largeobject GROUP BY loid';
  return server.query(`${[...tables, objects].join(' UNION ALL ')} ORDER BY 1`, { database });
}

async function megabytesOf(server: Database, database: string): Promise<number> {
  const [row] = await server.query(
    `SELECT (pg_database_size($1) - pg_database_size('template0')) / 1e6 AS size`,
    { values: [database] },
  );
  return Number(row?.['size']);
}

describe('the shop', () => {
  let server: Database;

  beforeAll(async () => {
    server = await startDatabase();
  });

  afterAll(async () => {
    await server.stop();
  });

  it('contains the same data every time', async () => {
    const contents: Row[][] = [];
    for (const database of ['first', 'second']) {
      await server.createDatabase(database);
      await fillShop(server, { database, scale: 0.05 });
      contents.push(await contentOf(server, database));
    }
    expect(contents[0]).toHaveLength(10 + 2);
    expect(contents[1]).toEqual(contents[0]);
  });

  it('reports how many rows each table has, and grows with its scale', async () => {
    await server.createDatabase('shop');
    const rows = await fillShop(server, { database: 'shop' });
    expect(rows).toMatchObject({
      'shop.customers': 5000,
      'shop.orders': 14000,
      'shop."Gift cards"': 200,
      'shop.returns': 0,
    });
    expect(await countRows(server, 'first')).toMatchObject({ 'shop.customers': 250, 'shop.orders': 700 });
    const megabytes = await megabytesOf(server, 'shop');
    expect(megabytes).toBeGreaterThan(8);
    expect(megabytes).toBeLessThan(16);
  });

  it('has nearly every kind of object that a real schema has', async () => {
    const kinds = await server.query(
      `SELECT DISTINCT relkind FROM pg_class WHERE relnamespace = 'shop'::regnamespace ORDER BY 1`,
      { database: 'second' },
    );
    // index, partitioned index, view, materialized view, partitioned table, table, sequence
    expect(kinds.map(({ relkind }) => relkind).join('')).toBe('ISimprv');
  });

  it('has a large variant of the requested size', async () => {
    await server.createDatabase('large');
    await fillLarge(server, { database: 'large', megabytes: 20 });
    const megabytes = await megabytesOf(server, 'large');
    expect(megabytes).toBeGreaterThan(18);
    expect(megabytes).toBeLessThan(22);
  });
});
