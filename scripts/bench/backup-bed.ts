import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type ArtifactService, startArtifactService } from '../../__tests__/support/artifact-service.ts';
import { type TestClientTools, testClientTools } from '../../__tests__/support/client-tools.ts';
import { type Database, startDatabase } from '../../__tests__/support/database.ts';
import { startPgdgMirror } from '../../__tests__/support/pgdg-mirror.ts';
import { type ActionRun, runAction } from '../../__tests__/support/runner.ts';
import { startTcpProxy } from '../../__tests__/support/tcp-proxy.ts';
import { fillLarge } from '../../__tests__/support/shop.ts';
import type { Environment } from '../../src/process/run.ts';

const execute = promisify(execFile);

/** A large database, the real action, and the bare tools beside it. */
export interface BackupBed extends AsyncDisposable {
  /** Runs the bundled action; the tool cache is warm after the first time. Into the artifact storage, unless `into` says where. */
  backup(name: string, into?: Storage, inputs?: Readonly<Record<string, string>>): Promise<ActionRun>;
  /** Restores the latest backup of that name into a new database. */
  restore(name: string, from: Storage): Promise<ActionRun>;
  /** Runs `pg_dump -Fc` alone, by the same program over the same connection. */
  bareDump(file: string, ...args: string[]): Promise<void>;
  /** Uploads a file as `actions/upload-artifact` does, in a zip archive; milliseconds. */
  zipUpload(file: string): Promise<number>;
  readonly folder: string;
  readonly tools: TestClientTools;
}

/** A line of `storage`, and the variables of the step that it needs. */
export interface Storage {
  readonly storage: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * @param content megabytes of rows in a few tables, or SQL.
 * @param link how many bytes a second come from the server, for the action and the bare tools alike; as many as can when absent.
 */
export async function startBackupBed(
  content: number | string,
  link?: { readonly bytesPerSecond: number },
): Promise<BackupBed> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
  const [database, artifacts, mirror, tools] = await Promise.all([
    startDatabase({ settings: ['max_wal_size = 8GB', 'max_locks_per_transaction = 1000'] }),
    // Passing blobs on would cost this process as much as sending them costs the action.
    startArtifactService({ directStorage: true }),
    startPgdgMirror(),
    testClientTools(),
  ]);
  await database.createDatabase('bench');
  console.log('Filling a database …');
  if (typeof content === 'string') await database.query(content, { database: 'bench' });
  else await fillLarge(database, { database: 'bench', megabytes: content });
  await database.query('CHECKPOINT');
  const { host, port } = database;
  const proxy = link && (await startTcpProxy({ host, port }));
  if (link) await proxy?.set({ kind: 'throttle', ...link });
  const url = database.urlFor({ database: 'bench' });
  const run = bundledAction({ folder, database, artifacts, mirror });
  return {
    folder,
    tools,
    backup: (name, { storage, env } = { storage: 'artifact' }, inputs = {}) =>
      run(
        undefined,
        { 'connection-string': proxy?.through(url) ?? url, 'backup-name': name, storage, ...inputs },
        env,
      ),
    async restore(name, { storage, env }) {
      const target = await database.createDatabase('target');
      try {
        return await run('restore', { 'connection-string': target, 'backup-name': name, storage }, env);
      } finally {
        await database.query('DROP DATABASE target WITH (FORCE)');
      }
    },
    async bareDump(file, ...args) {
      // A `--format` among the words comes later and wins.
      await execute(tools.pgDump, ['-Fc', `--file=${file}`, ...args], {
        env: connectionTo(database, proxy ?? { host, port }),
      });
    },
    zipUpload: (file) => zipUpload(file, folder, artifacts),
    async [Symbol.asyncDispose]() {
      await proxy?.stop();
      await Promise.all([database.stop(), artifacts.stop(), mirror.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs an action of `dist/`: that of the root, or the one in a folder. */
function bundledAction({ folder, database, artifacts, mirror }: Surroundings) {
  return (
    action: string | undefined,
    inputs: Readonly<Record<string, string>>,
    env: Storage['env'] = {},
  ): Promise<ActionRun> =>
    runAction({
      ...(action === undefined ? {} : { action }),
      artifactService: artifacts,
      toolCache: path.join(folder, 'tool-cache'),
      secrets: [database.password],
      timeoutMs: 900_000,
      env,
      inputs: {
        'postgres-version': '17',
        'apt-mirror': mirror.url,
        'apt-signing-key': mirror.signingKey,
        ...inputs,
      },
    });
}

interface Surroundings {
  readonly folder: string;
  readonly database: Database;
  readonly artifacts: ArtifactService;
  readonly mirror: Awaited<ReturnType<typeof startPgdgMirror>>;
}

async function zipUpload(
  file: string,
  folder: string,
  { resultsUrl, runtimeToken }: ArtifactService,
): Promise<number> {
  const { stdout } = await execute(
    process.execPath,
    [path.join(import.meta.dirname, 'zip-upload.ts'), file],
    {
      env: {
        PATH: process.env['PATH'],
        GITHUB_WORKSPACE: folder,
        ACTIONS_RESULTS_URL: resultsUrl,
        ACTIONS_RUNTIME_TOKEN: runtimeToken,
      },
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return Number(/milliseconds ([\d.]+)/.exec(stdout)?.[1]);
}

function connectionTo(
  { user, password }: Database,
  { host, port }: { readonly host: string; readonly port: number },
): Environment {
  return { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: 'bench' };
}

/** The phases of a run in milliseconds, from its debug messages. */
export function millisecondsOf(run: ActionRun): Readonly<Record<string, number>> {
  const text = run.debug.join('\n').match(/Milliseconds: (\{.*\})/)?.[1];
  if (run.exitCode !== 0 || text === undefined) throw new Error(`The action failed:\n${run.log}`);
  const phases: unknown = JSON.parse(text);
  if (typeof phases !== 'object' || phases === null) throw new Error('The action did not tell its phases.');
  return Object.fromEntries(Object.entries(phases).map(([name, value]) => [name, Number(value)]));
}
