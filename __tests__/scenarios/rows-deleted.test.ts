// Somebody deletes the rows of a table between two backups: with real servers, in each kind of store.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BucketBed, startBucketBed } from '../support/s3-bucket.ts';
import type { ActionRun } from '../support/runner.ts';
import { startS3rver } from '../support/s3rver-server.ts';
import { expectColour, runOnSeries } from '../support/series-bed.ts';
import {
  type TestBed,
  expectFailedRestore,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';

let bed: TestBed;
let bucket: BucketBed;
let folder: string;
let targets = 0;
beforeAll(async () => {
  [bed, bucket] = await Promise.all([startTestBed(), startS3rver().then(startBucketBed)]);
  folder = await mkdtemp(path.join(tmpdir(), 'rows-deleted-'));
});
afterAll(async () => {
  await Promise.all([bed.stop(), bucket.stop(), rm(folder, { recursive: true, force: true })]);
});

const STORES: readonly (readonly [what: string, storage: () => string])[] = [
  ['artifacts', () => 'artifact'],
  ['a folder', () => path.join(folder, 'backups')],
  ['a bucket', () => bucket.storage('nightly')],
];

/** A database of its own, whose name is that of its series, and its store. */
async function start(name: string, storage: string) {
  const url = await bed.database.createDatabase(name);
  await bed.database.query(
    `CREATE TABLE users AS SELECT i AS id, md5(i::text) AS name FROM generate_series(1, 1000) i;
     CREATE TABLE sessions AS SELECT i AS id FROM generate_series(1, 500) i; CREATE INDEX by_name ON users (name)`,
    { database: name },
  );
  const env = bucket.env();
  const secrets = [bucket.server.credentials.secretAccessKey];
  return {
    backup: async (inputs: Record<string, string> = {}): Promise<ActionRun> => {
      // The time in the name of a backup is to the second.
      await pause(1_100);
      const run = await bed.backup({
        inputs: { 'connection-string': url, storage, ...inputs },
        ...{ env, secrets },
      });
      expectSuccess(run);
      return run;
    },
    onSeries: (action: 'check' | 'prune', inputs: Record<string, string>) =>
      runOnSeries(action, bed.artifacts, {
        inputs: { 'backup-name': name, storage, ...inputs },
        ...{ env, secrets },
      }),
    restore: async (inputs: Record<string, string>) => {
      const into = await bed.database.createDatabase(`${name}_again_${(targets += 1)}`);
      return bed.restore({ inputs: { 'connection-string': into, storage, ...inputs }, env, secrets });
    },
  };
}

describe.each(STORES)('rows that are deleted between two backups in %s (thorough)', (what, storageOf) => {
  it('are a warning, a check that fails, a backup that prune keeps, and can be restored', async () => {
    const name = `lost_in_${what.replace(/^an? /, '')}`;
    const { backup, onSeries, restore } = await start(name, storageOf());
    const before = (await backup()).outputs['backup-file'] ?? '';
    await bed.database.query('DELETE FROM users WHERE id > 200; DELETE FROM sessions; DROP INDEX by_name', {
      database: name,
    });
    const made = await backup({ 'allowed-row-loss': 'public.sess*' });
    expect(JSON.parse(made.outputs['changed-tables'] ?? '')).toEqual([
      { table: 'public.users', before: 1000, after: 200, change: 'shrunk' },
      { table: 'public.sessions', before: 500, after: 0, change: 'shrunk' },
    ]);
    expect(remarksOf(made)).toContainEqual(
      expect.stringMatching(
        new RegExp(
          `^Rows are missing since the previous backup: public.users had 1,000 rows in ${before} .*, and only 200 are left\\.`,
        ),
      ),
    );
    expect(made.log).toContain(`Changes since ${before}: 2 tables shrunk, 1 definition removed`);
    expect(made.summary).toContain(
      '| <code>public&#46;users</code> | 1,000 rows | 200 rows | ⚠️ shrunk |\n' +
        '| <code>public&#46;sessions</code> | 500 rows | 0 rows | shrunk |\n' +
        '| INDEX <code>public&#46;by&#95;name</code> |  |  | removed |',
    );

    // The catalogue has the rows of both.
    expect(made.summary).toMatch(/\| Rows \|[^]*\| 200 \|[^]*\| 1,500 \|/);

    const again = await backup();
    expect(again.outputs['changed-tables']).toBe('[]');
    expect(again.summary).toContain('Nothing has changed since <code>');
    expect(remarksOf(again)).not.toContainEqual(expect.stringContaining('Rows are missing'));

    const allowed = { 'allowed-row-loss': 'sessions' };
    expectColour(
      await onSeries('check', allowed),
      /public\.users had 1,000 rows in .*, and only 200 are left/,
    );
    const pruned = await onSeries('prune', { ...allowed, 'keep-last': '1' });
    expectColour(pruned);
    expect(JSON.parse(pruned.outputs['kept'] ?? '')).toEqual([again.outputs['backup-file'], before]);

    const restored = await restore({ backup: before, tables: 'public.users' });
    expectSuccess(restored);
    expect(restored.outputs).toMatchObject({ verified: 'true', rows: '1000' });

    await bed.database.sql('DROP TABLE users; CREATE SCHEMA other; CREATE TABLE other.users ()', name);
    expect(remarksOf(await backup())).toContainEqual(expect.stringContaining('and it is gone'));
    expectFailedRestore(
      await restore({ 'backup-name': name, tables: 'users' }),
      new RegExp(
        `nothing in the backup matches "users"[^]*The newest backup that contains it is ${again.outputs['backup-file'] ?? '-'}`,
      ),
    );
  });
});
