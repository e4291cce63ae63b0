import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dumpArguments } from '../../../src/backup/dump/dump-arguments.ts';
import { type DumpedBackup, dumpInOnePass } from '../../../src/backup/dump/one-pass.ts';
import type { PgSession } from '../../../src/postgres/session.ts';
import { type Snapshot, openSnapshot } from '../../../src/postgres/snapshot.ts';
import type { Environment } from '../../../src/process/run.ts';
import { type TestClientTools, testClientTools } from '../../support/client-tools.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { connectionTo, newRole } from '../../support/failure-bench.ts';
import { testSession } from '../../support/test-session.ts';

const FILTERS = { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] };

let tools: TestClientTools;
let database: Database;
let other: Database;
beforeAll(async () => {
  [tools, database, other] = await Promise.all([testClientTools(), startDatabase(), startDatabase()]);
  await database.sql('CREATE TABLE counted (id int); INSERT INTO counted VALUES (1)');
  await other.sql('CREATE TABLE counted (id int); INSERT INTO counted VALUES (1), (2), (3), (4), (5)');
});
afterAll(() => Promise.all([database, other].map((server) => server.stop('immediate'))));

function dumped(session: PgSession, snapshot: Snapshot, attempts = 1): Promise<DumpedBackup> {
  return dumpInOnePass({
    session,
    snapshot,
    args: dumpArguments({ compression: 'none', filters: FILTERS, extra: [], toolsMajor: 17 }),
    sizes: new Map(),
    parallel: undefined,
    attempts,
    encryption: undefined,
    sinks: [],
    spool: undefined,
  });
}

const held = (connection: Environment): Promise<Snapshot> =>
  openSnapshot(testSession(tools, connection), { hasSession: true, dumpArguments: [] });

describe('a dump in a snapshot (thorough)', () => {
  it('has the rows that the snapshot has', async () => {
    await using snapshot = await held(connectionTo(database));
    await database.query('INSERT INTO counted VALUES (2)');
    const { archive } = await dumped(testSession(tools, connectionTo(database)), snapshot);
    expect(archive.manifest.rows).toBe(1);
    expect(await snapshot.query('SELECT count(*) FROM public.counted;', 1)).toEqual([['1']]);
  });

  it('goes without it if the role may have one connection only', async () => {
    const connection = await newRole(database, 'lonely', 'CONNECTION LIMIT 1 IN ROLE pg_read_all_data');
    await using snapshot = await held(connection);
    const { archive } = await dumped(testSession(tools, connection), snapshot);
    expect(archive.manifest.rows).toBe(2);
  });

  it('goes without it if pg_dump comes to another server', async () => {
    await using snapshot = await held(connectionTo(database));
    const { archive } = await dumped(testSession(tools, connectionTo(other)), snapshot);
    expect(archive.manifest.rows).toBe(5);
  });

  it('fails as it does without one', async () => {
    await using snapshot = await held(connectionTo(database));
    const connection = await newRole(database, 'powerless');
    await expect(dumped(testSession(tools, connection), snapshot)).rejects.toThrow(/permission|privilege/);
  });
});
