import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { testClientTools } from '../../__tests__/support/client-tools.ts';
import { type Database, startDatabase } from '../../__tests__/support/database.ts';
import { testSession } from '../../__tests__/support/test-session.ts';
import { fillLarge } from '../../__tests__/support/shop.ts';
import { FanOut } from '../../src/process/fan-out.ts';
import { FileSink } from '../../src/process/file-sink.ts';
import { streamingWriter } from '../../src/backup/dump/archive-writer.ts';
import { dump } from '../../src/backup/dump/dump.ts';
import { dumpArguments } from '../../src/backup/dump/dump-arguments.ts';
import { type ReadBack, readBack } from '../../src/archive/read-back.ts';
import type { PgSession } from '../../src/postgres/session.ts';
import { restoreArchive } from '../../src/restore/apply/pg-restore.ts';
import { verifyRestore } from '../../src/restore/verify/verify-restore.ts';
import { type Figure, median, printFigures, timed } from './figures.ts';

const execute = promisify(execFile);
const ROUNDS = 5;
const MEGABYTES = 650;
const NO_FILTERS = { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] };

interface Round {
  readonly restore: number;
  readonly bare: number;
  readonly verification: number;
  readonly dump: number;
  readonly readBack: number;
}

/** A large database, its archive, and the ways to restore it. */
interface RestoreBench extends AsyncDisposable {
  /** Makes the archive anew; milliseconds. */
  readonly dump: () => Promise<number>;
  readonly readBack: () => Promise<ReadBack>;
  /** Makes an empty database before it measures. */
  readonly restore: (how: 'ours' | 'bare') => Promise<number>;
  /** Of what was restored last. */
  readonly verify: (archive: ReadBack) => Promise<number>;
}

/** The restore of a database of 650 MB against bare `pg_restore`, and its verification against a dump with its read-back. */
export async function benchRestore(): Promise<void> {
  await using bench = await startRestoreBench();
  await bench.dump();
  await bench.restore('bare');
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    console.log(`Round ${round} of ${ROUNDS} …`);
    rounds.push(await measure(bench, round));
  }
  const ratio = (of: (round: Round) => number): number => median(rounds.map(of));
  const figures: Figure[] = [
    { name: 'restore / bare pg_restore', value: ratio((r) => r.restore / r.bare), unit: 'x', atMost: 1.1 },
    {
      name: 'verification / (dump + read-back)',
      value: ratio((r) => r.verification / (r.dump + r.readBack)),
      unit: 'x',
      atMost: 1,
    },
  ];
  printFigures(`Restore of a database of ${MEGABYTES} MB, medians of ${ROUNDS} rounds`, figures);
}

/** Ours stands before and after the bare tool in turn, so that a machine that slows down favours neither. */
async function measure(bench: RestoreBench, round: number): Promise<Round> {
  const dumped = await bench.dump();
  let archive: ReadBack | undefined;
  const readBackMs = await timed(async () => {
    archive = await bench.readBack();
  });
  if (!archive) throw new Error('There is no archive.');
  const before = round % 2 === 1 ? await bench.restore('bare') : undefined;
  const restore = await bench.restore('ours');
  const verification = await bench.verify(archive);
  const bare = before ?? (await bench.restore('bare'));
  return { restore, bare, verification, dump: dumped, readBack: readBackMs };
}

async function startRestoreBench(): Promise<RestoreBench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
  const [server, found] = await Promise.all([
    startDatabase({ settings: ['max_wal_size = 8GB'] }),
    testClientTools(),
  ]);
  console.log(`Filling a database with about ${MEGABYTES} MB …`);
  await server.createDatabase('origin');
  await fillLarge(server, { database: 'origin', megabytes: MEGABYTES });
  await server.query('CHECKPOINT');
  const tools = { ...found, major: 17 };
  const archive = path.join(folder, 'archive');
  const shared = {
    workFolder: folder,
  };
  const environment = environmentOf(server, folder);
  const session = (database: string): PgSession => testSession(tools, environment(database));
  return {
    async dump() {
      await rm(archive, { force: true });
      const args = dumpArguments({ compression: 'zstd:3', filters: NO_FILTERS, extra: [], toolsMajor: 17 });
      const target = new FanOut([{ name: 'the disk', stream: await FileSink.create(archive) }]);
      const writer = streamingWriter(target, new Map());
      const request = { attempts: 1, args, target, writer, snapshot: undefined };
      return timed(() => dump({ ...request, session: session('origin') }));
    },
    readBack: () =>
      readBack({
        archive,
        pgRestore: tools.pgRestore,
        environment: {},
        workFolder: folder,
        signal: new AbortController().signal,
      }),
    async restore(how) {
      await server.query('DROP DATABASE IF EXISTS target');
      await server.createDatabase('target');
      await server.query('CHECKPOINT');
      const env = environment('target');
      if (how === 'bare') {
        const args = ['--dbname=target', '--exit-on-error', '--single-transaction', '--verbose', archive];
        return timed(() => execute(tools.pgRestore, args, { env }));
      }
      const dumpIds = await allEntries(tools.pgRestore, archive);
      const request = { ...shared, archive, dumpIds, session: session('target'), serverMajor: 17 };
      return timed(() => restoreArchive({ ...request, ...IN_ONE_TRANSACTION }));
    },
    async verify({ manifest }) {
      const request = { ...shared, expected: manifest, everything: true, session: session('target') };
      return timed(() => verifyRestore(request));
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const IN_ONE_TRANSACTION = {
  searchPath: [],
  stages: [],
  jobs: undefined,
  dropScript: '',
  noOwner: false,
  closing: [],
  deferredChecks: undefined,
  last: [],
  extra: [],
  look: (): Promise<undefined> => Promise.resolve(undefined),
  tableBytes: new Map<string, number>(),
} as const;

function environmentOf(server: Database, folder: string): (database: string) => Record<string, string> {
  return (database) => ({
    HOME: folder,
    LC_ALL: 'C',
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGPASSWORD: server.password,
    PGDATABASE: database,
  });
}

async function allEntries(pgRestore: string, archive: string): Promise<number[]> {
  const { stdout } = await execute(pgRestore, ['--list', archive]);
  return [...stdout.matchAll(/^(\d+); /gm)].map(([, id]) => Number(id));
}
