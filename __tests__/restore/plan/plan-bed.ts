import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RestoreOptions } from '../../../src/restore/plan/plan-request.ts';
import {
  type VerifiedArchive,
  type Target,
  makePlan,
  nameBrokenChecks,
  restoreInto,
  verifyTarget,
} from '../../../src/restore/engine.ts';
import type { SchemaVerification } from '../../../src/restore/verify/verify-schema.ts';
import { type RestorePlan, planRestore } from '../../../src/restore/plan/plan.ts';
import { readBack } from '../../../src/archive/read-back.ts';
import { tocOf } from '../../archive/toc/toc-of.ts';
import { type TargetFacts, examineTarget } from '../../../src/restore/plan/target.ts';
import { type TestClientTools, type ToolsMajor, testClientTools } from '../../support/client-tools.ts';
import type { Database } from '../../support/database.ts';
import { testSession } from '../../support/test-session.ts';

const execute = promisify(execFile);

/** A database on a server, and who connects to it; the superuser when nobody is named. */
export interface Place {
  readonly server: Database;
  readonly database: string;
  readonly as?: { readonly user: string; readonly password: string };
}

/** A restore that is done. */
export interface Restored {
  readonly plan: RestorePlan;
  readonly verify: (database?: string) => Promise<SchemaVerification>;
}

/** What a user of the restore wants, everything at its default. */
export function restoreOptions(more: Partial<RestoreOptions> = {}): RestoreOptions {
  return {
    filters: { schemas: [], tables: [] },
    clean: false,
    confirmDatabase: undefined,
    noOwner: false,
    noPrivileges: false,
    kindsLeftOut: new Set(),
    databaseSettings: false,
    jobs: undefined,
    role: undefined,
    searchPath: [],
    forTest: false,
    ...more,
  };
}

/** Real tools and a folder for archives. */
export class PlanBed {
  readonly tools: TestClientTools;
  readonly folder: string;
  #files = 0;
  #targets = 0;
  #origins = 0;

  private constructor(tools: TestClientTools, folder: string) {
    this.tools = tools;
    this.folder = folder;
  }

  static async make(toolsMajor?: ToolsMajor): Promise<PlanBed> {
    return new PlanBed(await testClientTools(toolsMajor), await mkdtemp(join(tmpdir(), 'plan-test-')));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  /** A new, empty database; its owner restores into it, or the superuser. */
  async emptyDatabase(server: Database, as?: Place['as']): Promise<Place> {
    this.#targets += 1;
    const database = `target ${this.#targets}`;
    await server.createDatabase(database, as ? { owner: as.user } : {});
    return { server, database, ...(as ? { as } : {}) };
  }

  /** A new database in which a script has run. */
  async filledDatabase(server: Database, script: string): Promise<Place> {
    this.#origins += 1;
    const database = `origin ${this.#origins}`;
    await server.createDatabase(database);
    await server.sql(script, database);
    return { server, database };
  }

  /** @returns the path of a new archive. */
  async dump(place: Place, ...args: readonly string[]): Promise<string> {
    const file = this.newFile('bak');
    await execute(this.tools.pgDump, ['--format=custom', `--file=${file}`, ...args], { env: libpq(place) });
    return file;
  }

  async examine(place: Place, role?: string, attached = false): Promise<TargetFacts> {
    return examineTarget(testSession(this.tools, libpq(place)), { role, attached });
  }

  async plan(archive: string, place: Place, options: Partial<RestoreOptions> = {}): Promise<RestorePlan> {
    const [contents, target] = await Promise.all([
      tocOf(archive),
      this.examine(place, options.role, options.clean),
    ]);
    const { signal } = new AbortController();
    return planRestore({ contents, target, options: restoreOptions(options) }, signal);
  }

  /** Plans and restores. */
  async restore(archive: string, place: Place, options: Partial<RestoreOptions> = {}): Promise<RestorePlan> {
    return (await this.restoreForVerification(archive, place, options)).plan;
  }

  /** Plans, restores, and returns what verifies the same place or, with its name, a copy of that database. */
  async restoreForVerification(
    archive: string,
    place: Place,
    options: Partial<RestoreOptions> = {},
  ): Promise<Restored> {
    const verified = await this.#readBack(archive);
    const { major } = await this.examine(place);
    const target = this.#target(place, major);
    const settings = { options: restoreOptions(options), restoreArguments: [] };
    const planned = await makePlan(verified, target, settings.options);
    const restored = await restoreInto(verified, target, planned, settings);
    const plan = await nameBrokenChecks(planned, target);
    return {
      plan,
      verify: (database = place.database) =>
        verifyTarget(verified, this.#target({ ...place, database }, major), plan, { restored, settings }),
    };
  }

  async list(archive: string): Promise<string> {
    return (await execute(this.tools.pgRestore, ['--list', '--verbose', archive], { env: {} })).stdout;
  }

  async #readBack(path: string): Promise<VerifiedArchive> {
    const { tools, folder: workFolder } = this;
    const { signal } = new AbortController();
    const [contents, result] = await Promise.all([
      tocOf(path),
      readBack({ archive: path, pgRestore: tools.pgRestore, environment: {}, workFolder, signal }),
    ]);
    return { path, contents, readBack: result };
  }

  #target(place: Place, serverMajor: number): Target {
    return { session: testSession(this.tools, libpq(place)), serverMajor, workFolder: this.folder };
  }

  newFile(extension: string): string {
    this.#files += 1;
    return join(this.folder, `${this.#files}.${extension}`);
  }
}

function libpq({ server, database, as }: Place): Record<string, string> {
  return {
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: as?.user ?? server.user,
    PGPASSWORD: as?.password ?? server.password,
    PGDATABASE: database,
  };
}
