import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DumpFilters } from '../../../src/backup/dump/dump-filters.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type TestClientTools, testClientTools } from '../../support/client-tools.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { connectionTo } from '../../support/failure-bench.ts';
import { dumpOf, saidOf } from '../not-included/dump-bed.ts';

captureOutput();

let tools: TestClientTools;
let database: Database;
beforeAll(async () => {
  [tools, database] = await Promise.all([testClientTools(), startDatabase()]);
  await database.sql(`
    CREATE TABLE pt (id int) PARTITION BY RANGE (id);
    CREATE TABLE pt_1 PARTITION OF pt FOR VALUES FROM (0) TO (10);
    CREATE SCHEMA parts;
    CREATE TABLE parts.pt_2 PARTITION OF pt FOR VALUES FROM (10) TO (20);
    INSERT INTO pt SELECT generate_series(0, 19);
    CREATE TABLE base (id int);
    CREATE TABLE parts.derived () INHERITS (base);
    INSERT INTO parts.derived VALUES (1);
    CREATE EXTENSION citext;
    CREATE TABLE of_citext (id int);
    ALTER EXTENSION citext ADD TABLE of_citext;`);
});
afterAll(() => database.stop('immediate'));

const dumped = (filters: Partial<DumpFilters>) => dumpOf(tools, connectionTo(database), { filters });
const tablesOf = async (filters: Partial<DumpFilters>): Promise<string[]> =>
  (await dumped(filters)).archive.manifest.tables.map(({ name, rows }) => `${name}: ${rows}`);

describe('a dump of some tables (thorough)', () => {
  it('has the partitions of a table that is named, wherever they are, and what inherits from it', async () => {
    expect(await tablesOf({ tables: ['pt'] })).toEqual(['parts.pt_2: 10', 'public.pt_1: 10']);
    expect(await tablesOf({ tables: ['base'] })).toEqual(['parts.derived: 1', 'public.base: 0']);
  });

  it('has none of the rows of a table that is excluded, and says which tables these are', async () => {
    const dump = await dumped({ schemas: ['public', 'parts'], excludeTables: ['pt'] });
    expect(dump.archive.manifest.tables.map(({ name }) => name)).toEqual(['parts.derived', 'public.base']);
    expect(saidOf(dump)).toContain('info partitions, and what inherits: parts.pt_2, public.pt_1');
    const other = await dumped({ excludeTableData: ['pt'] });
    expect(other.archive.manifest.tables.map(({ name }) => name)).toEqual(['parts.derived', 'public.base']);
    expect(saidOf(other)).toContain('info rows of partitions, and of what inherits: parts.pt_2, public.pt_1');
  });

  it('is refused if schemas selects a table without all of its partitions', async () => {
    await expect(dumped({ schemas: ['public'] })).rejects.toThrow('parts.pt_2 would be missing');
    expect(await tablesOf({ schemas: ['public', 'parts'] })).toHaveLength(4);
    // And no schema of the system.
    expect(await tablesOf({ schemas: ['*'] })).toHaveLength(4);
  });

  it('is refused if it does not have what is named, as a table of an extension', async () => {
    await expect(dumped({ tables: ['pt_1', 'of_citext'] })).rejects.toThrow(
      /^tables: of_citext: what it names is not in/,
    );
  });
});
