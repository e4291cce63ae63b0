import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import {
  checkParallelDump,
  largeTableNotice,
  standbyError,
} from '../../../src/backup/parallel-dump/check-parallel-dump.ts';
import type { Database, Relation } from '../../../src/postgres/preflight.ts';
import { TUNNEL_LIMIT } from '../../../src/postgres/tunnel/tunnel.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { testSession } from '../../support/test-session.ts';

const output = captureOutput();

const table = (name: string, bytes: number): Relation => ({
  ...{ schema: 'public', name, kind: 'table', bytes, visible: true },
  ...{ ownedBy: undefined, parents: [], unreadable: undefined },
});

/** Through Prisma's tunnel, to a server that does not tell its limits. */
const databaseOf = (...relations: Relation[]): Database => ({
  server: {
    ...{ version: '17.6', major: 17, database: 'shop', user: 'ada', encoding: 'UTF8' },
    ...{ databaseBytes: 0, inRecovery: false, relations },
  },
  connection: {
    ...{ environment: {}, address: 'here', failureHints: [], mayBePooled: false, limit: TUNNEL_LIMIT },
    ...{ failure: () => undefined, [Symbol.asyncDispose]: () => Promise.resolve() },
  },
  // It takes none of psql's options.
  session: testSession({ psql: process.execPath }, {}),
});

const check = (
  database: Database,
  {
    jobs = 4,
    dumpArguments = [],
  }: { readonly jobs?: number; readonly dumpArguments?: readonly string[] } = {},
): ReturnType<typeof checkParallelDump> =>
  checkParallelDump({
    inputs: {
      ...{ jobs, dumpArguments, compression: { method: 'zstd', name: 'zstd:3', spec: 'zstd:3' } },
      filters: { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] },
    },
    ...{ database, chosen: database.server.relations, locks: 1, folder: tmpdir(), keepsArchive: false },
  });

describe('what is said before a parallel dump', () => {
  it.each([
    [9, true, true],
    [9, false, false],
    [10, true, false],
  ])('of PostgreSQL %i, a standby: %p, is an error: %p', (major, inRecovery, isError) => {
    const error = standbyError(4, { major, inRecovery, version: `${major}.6` });
    expect(error?.message).toBe(
      isError
        ? 'jobs: 4 needs a snapshot of the server, and a standby exports none before PostgreSQL 10; it is 9.6.'
        : undefined,
    );
  });

  it('of a table with most of the data is that the jobs do not divide it', () => {
    const events = table('events', 710_000_000);
    expect(largeTableNotice(4, events, 1_000_000_000)).toBe(
      'jobs: 4 does not divide the table public.events, which has 71 % of the data to dump: pg_dump reads each table over one connection.',
    );
    expect(largeTableNotice(4, events, 1_420_000_000)).toBeUndefined();
  });

  it('of a small table is nothing', () => {
    expect(largeTableNotice(4, table('small', 99_000_000), 99_000_000)).toBeUndefined();
  });
});

describe('the check of a parallel dump', () => {
  it('has nothing to say of a small database, even where the server does not tell its limits', async () => {
    expect(await check(databaseOf(table('small', 8192)))).toEqual({ hasRoomForSnapshot: true });
    expect(output.text).not.toContain('::notice');
  });

  it('counts the connections that the tunnel allows', async () => {
    expect(await check(databaseOf(), { jobs: 6 })).toEqual({ hasRoomForSnapshot: false });
    await expect(check(databaseOf(), { jobs: 7 })).rejects.toThrow(/the limit of Prisma's tunnel is 8/);
  });

  it('fails where the data cannot fit, unless only pg_dump knows what is dumped', async () => {
    const huge = databaseOf(table('huge', 1e18));
    await expect(check(huge)).rejects.toThrow(/^jobs: 4 writes the dump to the disk .* it does not fit/);
    expect(await check(huge, { jobs: 1 })).toEqual({ hasRoomForSnapshot: true });
    for (const option of ['--schema-only', '--filter=some'])
      expect(await check(huge, { dumpArguments: [option] })).toEqual({ hasRoomForSnapshot: true });
  });

  it('names a table that the jobs do not divide', async () => {
    await check(databaseOf(table('small', 8192), table('events', 200_000_000)));
    expect(output.text).toMatch(/::notice .*jobs: 4 does not divide the table public\.events/);
  });
});
