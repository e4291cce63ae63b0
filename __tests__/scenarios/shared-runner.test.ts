import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { countRows, fillShop } from '../support/shop.ts';
import { type TestBed, errorsOf, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
let folder: string;
/** What every job on the machine shares. */
let shared: Pick<RunActionOptions, 'temp' | 'workspace' | 'env'>;
beforeAll(async () => {
  bed = await startTestBed({ emptyToolCache: true });
  folder = await mkdtemp(path.join(tmpdir(), 'shared-runner-'));
  const [temp, workspace, home] = ['temp', 'workspace', 'home'].map((name) => path.join(folder, name));
  if (temp === undefined || workspace === undefined || home === undefined) throw new Error('unreachable');
  shared = { temp, workspace, env: { HOME: home } };
  await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop' });
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

const outcome = (run: ActionRun): object => ({
  ...{ exitCode: run.exitCode, signal: run.signal, errors: errorsOf(run) },
  ...{ post: run.post?.exitCode, leftProcesses: run.leftProcesses },
});
const GOOD = { exitCode: 0, signal: null, errors: [], post: 0, leftProcesses: [] };

it('jobs on one machine that share every folder do not disturb each other, nor does the cleanup of one that is killed', async () => {
  const inputs = { 'connection-string': bed.database.urlFor({ database: 'shop' }), storage: './backups/' };
  const job = (more: RunActionOptions = {}): Promise<ActionRun> => bed.backup({ inputs, ...shared, ...more });
  // All of them install the tools at the same time, into the same tool cache.
  const [one, other, third] = await Promise.all([
    job(),
    job(),
    job({ signalAfter: { match: /^Dumping/, signal: 'SIGKILL' } }),
  ]);
  expect([one, other].map(outcome)).toEqual([GOOD, GOOD]);
  expect(third).toMatchObject({ signal: 'SIGKILL', post: { exitCode: 0 } });

  const [file = '', latest = ''] = [one, other].map(({ outputs }) => outputs['backup-path']);
  const targets = await Promise.all(['first', 'second'].map((name) => bed.database.createDatabase(name)));
  let begun = 0;
  const restore = (into: string | undefined, given: string, killed: boolean): Promise<ActionRun> =>
    bed.restore({
      inputs: { 'connection-string': into ?? '', path: given },
      ...shared,
      onLine: (line) => (begun += Number(line.startsWith('Restoring'))),
      ...(killed ? { signalAfter: { match: /^Restoring/, signal: 'SIGKILL' } } : {}),
    });
  const [kept, ended, another] = await Promise.all([
    restore(targets[0], file, false),
    restore(targets[1], latest, true),
    job(),
  ]);
  expect([kept, another].map(outcome)).toEqual([GOOD, GOOD]);
  expect(ended).toMatchObject({ signal: 'SIGKILL', post: { exitCode: 0 } });
  expect(begun).toBeGreaterThan(0);
  expect(await countRows(bed.database, 'first')).toEqual(await countRows(bed.database, 'shop'));

  const backups = [one, other, another].map(({ outputs }) => outputs['backup-file'] ?? '');
  expect((await readdir(path.join(folder, 'workspace', 'backups'))).toSorted()).toEqual(
    backups.flatMap((name) => [name, `${name}.json`]).toSorted(),
  );
  expect((await readdir(path.join(folder, 'temp'))).filter((name) => !name.startsWith('_'))).toEqual([]);
  expect(await readdir(path.join(folder, 'home')).catch(() => [])).toEqual([]);
});
