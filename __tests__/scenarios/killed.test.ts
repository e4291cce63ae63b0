import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ActionRun } from '../support/runner.ts';
import type { StepHandle } from '../support/runner-step.ts';
import { fillShop } from '../support/shop.ts';
import { withStandIns } from '../support/stand-in-tools.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { type TestBed, expectSuccess, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
let folder: string;
beforeAll(async () => {
  bed = await startTestBed();
  folder = await mkdtemp(path.join(tmpdir(), 'killed-'));
  await fillShop(bed.database, { database: 'postgres' });
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Of main and post together. */
const annotations = ({ annotations: main, post }: ActionRun) => [...main, ...(post?.annotations ?? [])];

/** Runs a backup that blocks where it writes its summary, because nothing reads it, and kills it at a log line. */
async function killedAt(line: RegExp, inputs: Readonly<Record<string, string>>): Promise<ActionRun> {
  const summary = path.join(folder, 'summary');
  await promisify(execFile)('mkfifo', [summary]);
  let handle: StepHandle | undefined;
  const run = await bed.backup({
    inputs,
    env: { GITHUB_STEP_SUMMARY: summary },
    onStart: (started) => {
      handle = started;
    },
    onLine: (shown) => {
      if (line.test(shown)) handle?.kill('SIGKILL');
    },
  });
  expect(run.signal).toBe('SIGKILL');
  expect(run.post?.exitCode).toBe(0);
  expect(run.leftFiles).toEqual([]);
  return run;
}

it('a backup that is killed after its artifact was published: post reports it with a warning, not an error', async () => {
  const run = await killedAt(/^Uploaded published-/, { 'backup-name': 'published' });
  const [artifact] = bed.artifacts.artifacts().filter(({ name }) => name.startsWith('published-'));
  expect(annotations(run)).toEqual([
    expect.objectContaining({
      level: 'warning',
      message:
        `The job was killed after its backup had been stored: the artifact ${artifact?.name ?? '?'} ` +
        'is complete and verified. The outputs and the summary may be missing.',
    }),
  ]);
});

it('a restore that is killed: post says that the content of the target is unknown (thorough)', async () => {
  const made = await bed.backup({ inputs: { storage: `${folder}/` } });
  expectSuccess(made);
  await bed.database.createDatabase('target');
  // Only the preflight gets through, so that the restore is not over before it is killed.
  const proxy = await startTcpProxy({ host: bed.database.host, port: bed.database.port });
  await proxy.set({ kind: 'hold', spare: 1 });
  let handle: StepHandle | undefined;
  const restoring = bed.restore({
    inputs: {
      'connection-string': proxy.through(bed.database.urlFor({ database: 'target' })),
      path: made.outputs['backup-path'] ?? '',
    },
    onStart: (started) => {
      handle = started;
    },
    onLine: (shown) => {
      if (shown.startsWith('Read back')) handle?.kill('SIGKILL');
    },
  });
  const run = await restoring.finally(() => proxy.stop());
  expect(run.signal).toBe('SIGKILL');
  expect(annotations(run)).toEqual([
    expect.objectContaining({
      level: 'error',
      message: expect.stringMatching(
        /^The restore was killed before it could report a result: the state of the target database is unknown\.\nUsually the runner ran out of memory/,
      ),
    }),
  ]);
  expect(run.post?.summary).toMatch(/^## ❌ The restore failed\n/);
  expect(run.post?.exitCode).toBe(0);
  expect(run.leftFiles).toEqual([]);
});

it('a backup that wrote its local copy but not its outputs says where the file is (thorough)', async () => {
  const outputs = path.join(folder, 'outputs');
  await writeFile(outputs, '');
  const run = await withStandIns(
    bed.toolCache,
    { pg_dump: `rm '${outputs}'; exec "$real" "$@"` },
    (toolCache) =>
      bed.backup({
        toolCache,
        inputs: { storage: `${folder}/kept/` },
        env: { GITHUB_OUTPUT: outputs },
      }),
  );
  expect(run.exitCode).toBe(1);
  expect(annotations(run)).toEqual([
    expect.objectContaining({
      level: 'error',
      message: expect.stringMatching(
        /^GITHUB_OUTPUT: .*\nThe backup is still complete and verified: it is the file \S+kept\/\S+\.bak\. Check/,
      ),
    }),
  ]);
  expect(run.summary).toMatch(/^## ❌ The backup is stored, but the step failed\n/);
  const [name = ''] = await readdir(`${folder}/kept`);
  expect((await stat(`${folder}/kept/${name}`)).size).toBeGreaterThan(10_000);
});
