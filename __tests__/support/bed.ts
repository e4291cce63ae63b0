import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArtifactService, startArtifactService } from './artifact-service.ts';
import { type Database, type DatabaseOptions, startDatabase } from './database.ts';
import { installedToolCache } from './installed-tool-cache.ts';
import { type PgdgMirror, startPgdgMirror } from './pgdg-mirror.ts';
import { type ActionRun, type RunActionOptions, runAction } from './runner.ts';

/** How a test bed differs from the usual one. */
export interface TestBedOptions extends DatabaseOptions {
  /** As on a new machine: the first run installs the client tools. Otherwise an earlier job has. */
  readonly emptyToolCache?: boolean;
}

/** Everything that a scenario needs: a server, the artifact service, a mirror of PGDG, and a tool cache that is kept. */
export interface TestBed {
  readonly database: Database;
  readonly artifacts: ArtifactService;
  readonly mirror: PgdgMirror;
  readonly toolCache: string;
  /** Runs the bundled backup action; what is not said is as a workflow on this test bed would have it. */
  backup(options?: RunActionOptions): Promise<ActionRun>;
  /** Runs the bundled restore action likewise. Its target is the database that the server came with: say another. */
  restore(options?: RunActionOptions): Promise<ActionRun>;
  stop(): Promise<void>;
}

export async function startTestBed({
  emptyToolCache = false,
  ...options
}: TestBedOptions = {}): Promise<TestBed> {
  const toolCache = await mkdtemp(join(tmpdir(), 'tool-cache-'));
  const [database, artifacts, mirror] = await Promise.all([
    startDatabase(options),
    startArtifactService(),
    startPgdgMirror(),
  ]);
  if (!emptyToolCache)
    await cp(await installedToolCache(mirror), toolCache, { recursive: true, verbatimSymlinks: true });
  const run = ({ inputs = {}, secrets = [], ...rest }: RunActionOptions): Promise<ActionRun> =>
    runAction({
      artifactService: artifacts,
      toolCache,
      secrets: [database.password, ...secrets],
      inputs: {
        'connection-string': database.url,
        'apt-mirror': mirror.url,
        'apt-signing-key': mirror.signingKey,
        ...inputs,
      },
      ...rest,
    });
  return {
    database,
    artifacts,
    mirror,
    toolCache,
    backup: (given = {}) => run(given),
    restore: (given = {}) => run({ action: 'restore', ...given }),
    async stop() {
      await Promise.all([database.stop(), artifacts.stop(), mirror.stop()]);
      await rm(toolCache, { recursive: true, force: true });
    },
  };
}
