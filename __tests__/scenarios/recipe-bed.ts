import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { ageBinary } from '../support/age-binary.ts';
import type { JsonObject } from '../support/artifact-service-http.ts';
import { testClientTools } from '../support/client-tools.ts';
import { type Database, startDatabase } from '../support/database.ts';
import type { ActionRun } from '../support/runner.ts';
import { type ShopRows, fillShop } from '../support/shop.ts';
import { type TestBed, errorsOf, startTestBed } from '../support/test-bed.ts';
import { type RecipeBucket, startRecipeBucket } from './recipe-bucket.ts';
import { type JobResult, type WorkflowSetting, runWorkflow } from '../support/workflow-run.ts';

const execute = promisify(execFile);

/** A repository whose owner copies the workflows of the documentation, with a database, a server to restore into, and a runner. */
export interface RecipeBed {
  readonly bed: TestBed;
  /** Stands for service containers, and for the servers that are restored into. */
  readonly other: Database;
  /** The database, which has another name than the series of its backups, and its rows. */
  readonly database: string;
  readonly url: string;
  readonly rows: ShopRows;
  readonly bucket: RecipeBucket;
  /** A key pair of age. */
  readonly age: { readonly recipient: string; readonly identity: string };
  /** Runs a workflow as it stands in the documentation. */
  readonly run: (text: string, setting?: Partial<WorkflowSetting>) => Promise<readonly JobResult[]>;
  /** A folder such as a checkout leaves, with these programs. */
  readonly checkout: (programs: Readonly<Record<string, string>>) => Promise<string>;
  stop(): Promise<void>;
}

export async function startRecipeBed(): Promise<RecipeBed> {
  const folder = await mkdtemp(path.join(tmpdir(), 'recipes-'));
  const [bed, bucket, other, tools, { ageKeygen }] = await Promise.all([
    startTestBed(),
    startRecipeBucket(),
    startDatabase(),
    testClientTools(),
    ageBinary(),
  ]);
  const database = 'production';
  const url = await bed.database.createDatabase(database);
  const rows = await fillShop(bed.database, { database, scale: 0.05 });
  const keyFile = path.join(folder, 'key.txt');
  await execute(ageKeygen, ['-o', keyFile]);
  const key = await readFile(keyFile, 'utf8');
  const [recipient = ''] = /age1\w+/.exec(key) ?? [];
  const [identity = ''] = /AGE-SECRET-KEY-\w+/.exec(key) ?? [];
  let checkouts = 0;
  return {
    ...{ bed, bucket, other, database, url, rows, age: { recipient, identity } },
    run: (text, setting = {}) =>
      runWorkflow(text, {
        ...{ artifacts: bed.artifacts, toolCache: bed.toolCache, service: other },
        programs: [tools.directory],
        secrets: { DATABASE_URL: url },
        watched: [bed.database.password, other.password],
        ...setting,
      }),
    async checkout(programs) {
      const workspace = path.join(folder, `checkout-${(checkouts += 1)}`);
      await mkdir(workspace);
      for (const [name, text] of Object.entries(programs)) {
        await writeFile(path.join(workspace, name), text);
        await chmod(path.join(workspace, name), 0o755);
      }
      return workspace;
    },
    async stop() {
      await Promise.all([bed.stop(), bucket.stop(), other.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The event of a repository that everyone can read. */
export const PUBLIC: JsonObject = {
  repository: { full_name: 'example/shop', private: false, visibility: 'public' },
};

/** Every job succeeded, nothing is left on the runner. @returns what the steps with the bundled actions did. */
export function expectGreen(jobs: readonly JobResult[]): readonly ActionRun[] {
  expect(jobs).not.toEqual([]);
  const steps = jobs.flatMap(({ steps: each }) => each);
  expect(steps.filter(({ outcome }) => outcome === 'failure').map(({ log }) => log)).toEqual([]);
  const actions = steps.flatMap(({ action }) => (action ? [action] : []));
  for (const action of actions) {
    const { leftFiles: files, leftProcesses: processes } = action;
    expect({ errors: errorsOf(action), files, processes }).toEqual({ errors: [], files: [], processes: [] });
  }
  return actions;
}

/** The outcome of each step of the only job. */
export function outcomesOf(jobs: readonly JobResult[]): readonly string[] {
  expect(jobs).toHaveLength(1);
  return jobs.flatMap(({ steps }) => steps.map(({ outcome }) => outcome));
}
