import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RestorePlan, planRestore } from '../../../src/restore/plan/plan.ts';
import { parallelStages } from '../../../src/restore/plan/parallel-stages.ts';
import { restoreArchive } from '../../../src/restore/apply/pg-restore.ts';
import type { RestoreRequest } from '../../../src/restore/apply/restore-request.ts';
import type { Verification, VerificationRequest } from '../../../src/restore/verify/verification-request.ts';
import { verifyRestore } from '../../../src/restore/verify/verify-restore.ts';
import { tocOf } from '../../archive/toc/toc-of.ts';
import { examineTarget } from '../../../src/restore/plan/target.ts';
import type { Manifest } from '../../../src/archive/content/manifest.ts';
import { readBack } from '../../../src/archive/read-back.ts';
import type { PgSession, SessionTools } from '../../../src/postgres/session.ts';
import { type Environment, type RunResult, run } from '../../../src/process/run.ts';
import { type TestClientTools, testClientTools } from '../../support/client-tools.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import type { ServerVersion } from '../../support/database-programs.ts';
import { testSession } from '../../support/test-session.ts';
import { restoreOptions } from '../plan/plan-bed.ts';

/** An archive and its contents. */
export interface TestArchive {
  readonly file: string;
  readonly dumpIds: readonly number[];
  readonly manifest: Manifest;
}

/** A database whose restore takes a minute, if the target's name begins with `slow`: it builds an index. */
export const SLOW_INDEX = `
CREATE TABLE slow (id integer);
INSERT INTO slow SELECT generate_series(1, 1000);
CREATE FUNCTION public.slowly(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF current_database() LIKE 'slow%' THEN PERFORM pg_sleep(0.06); END IF;
  RETURN $1;
END $$;
CREATE INDEX ON slow (slowly(id));
`;

/** How a restore differs from the usual one; with `clean`, what is in the way is dropped as the plan has it. */
export type RestoreChanges = Partial<RestoreRequest> & { readonly clean?: boolean };

/** A real server and the real tools. */
export interface RestoreBed {
  readonly server: Database;
  readonly tools: TestClientTools & { readonly major: number };
  readonly folder: string;
  readonly major: number;
  /** Leads to a database; with other variables or tools, if they are given. */
  readonly session: (database: string, changes?: Environment, tools?: Partial<SessionTools>) => PgSession;
  /** A new database in which a script has run; returns its name. */
  readonly database: (script?: string, name?: string) => Promise<string>;
  readonly dump: (database: string, ...words: readonly string[]) => Promise<TestArchive>;
  readonly restore: (archive: TestArchive, database: string, changes?: RestoreChanges) => Promise<void>;
  readonly verify: (
    archive: TestArchive,
    database: string,
    changes?: Partial<VerificationRequest>,
  ) => Promise<Verification>;
  readonly pgRestore: (words: readonly string[]) => Promise<RunResult>;
  readonly stop: () => Promise<void>;
}

export async function startRestoreBed(
  version: ServerVersion,
  settings: readonly string[] = [],
): Promise<RestoreBed> {
  const [server, found, folder] = await Promise.all([
    startDatabase({ version, settings }),
    testClientTools(),
    mkdtemp(join(tmpdir(), 'restore-test-')),
  ]);
  const tools = { ...found, major: 17 };
  const major = Number(version);
  const session: RestoreBed['session'] = (database, changes = {}, otherTools = {}) =>
    testSession(
      { ...tools, ...otherTools },
      {
        HOME: folder,
        LC_ALL: 'C',
        PGTZ: 'UTC',
        PGHOST: server.host,
        PGPORT: String(server.port),
        PGUSER: server.user,
        PGPASSWORD: server.password,
        PGDATABASE: database,
        ...changes,
      },
    );
  const planOf = async (archive: string, place: PgSession): Promise<RestorePlan> => {
    const contents = await tocOf(archive);
    const target = await examineTarget(place, { attached: true });
    const options = restoreOptions({ clean: true, confirmDatabase: target.database });
    return planRestore({ contents, target, options }, new AbortController().signal);
  };
  return {
    server,
    tools,
    folder,
    major,
    session,
    async database(script = '', name = `db_${randomBytes(4).toString('hex')}`) {
      await server.createDatabase(name);
      if (script !== '') await server.sql(script, name);
      return name;
    },
    async dump(database, ...words) {
      const file = join(folder, `${randomBytes(4).toString('hex')}.bak`);
      const args = ['--format=custom', `--file=${file}`, ...words];
      const { exitCode, stderr } = await run(tools.pgDump, args, { env: session(database).environment });
      if (exitCode !== 0) throw new Error(stderr);
      const { manifest } = await readBack({
        archive: file,
        pgRestore: tools.pgRestore,
        environment: {},
        workFolder: folder,
        signal: new AbortController().signal,
      });
      return { file, dumpIds: await listedIds(tools, file), manifest };
    },
    restore: async ({ file: archive, dumpIds, manifest }, database, { clean = false, ...changes } = {}) => {
      const { dumpIds: ids, dropScript } = clean
        ? await planOf(archive, session(database))
        : { dumpIds, dropScript: '' };
      return restoreArchive({
        workFolder: folder,
        dumpIds: ids,
        // Not the privileges: a plan restores them in one transaction, and side by side a grant can come before what it needs.
        stages: parallelStages(
          (await tocOf(archive)).entries.filter(({ dumpId, kind }) => ids.includes(dumpId) && kind !== 'ACL'),
        ),
        dropScript,
        archive,
        session: session(database),
        serverMajor: major,
        jobs: undefined,
        noOwner: false,
        closing: [],
        deferredChecks: undefined,
        searchPath: [],
        last: [],
        extra: [],
        look: () => Promise.resolve(undefined),
        tableBytes: new Map(manifest.tables.map(({ schema, table, bytes }) => [`${schema}.${table}`, bytes])),
        ...changes,
      });
    },
    verify: ({ file, dumpIds, manifest }, database, changes = {}) =>
      verifyRestore({
        workFolder: folder,
        expected: manifest,
        everything: true,
        archive: { file, dumpIds },
        session: session(database),
        ...changes,
      }),
    pgRestore: (words) => run(tools.pgRestore, words, { env: {} }),
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** The numbers of an archive's entries, in its order. */
async function listedIds(tools: TestClientTools, file: string): Promise<number[]> {
  const { stdout } = await run(tools.pgRestore, ['--list', file], { env: {} });
  return [...stdout.matchAll(/^(\d+); /gm)].map(([, id]) => Number(id));
}
