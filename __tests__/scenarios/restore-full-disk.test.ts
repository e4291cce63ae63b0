import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { fillLarge } from '../support/shop.ts';
import { limitFileSize, smallDisk } from '../support/small-disk.ts';
import { type StandIns, withStandIns } from '../support/stand-in-tools.ts';
import {
  type TestBed,
  errorsOf,
  expectFailedRestore,
  expectSuccess,
  startTestBed,
} from '../support/test-bed.ts';
import { relationsIn } from './held-restore.ts';

const PASSPHRASE = 'correct horse battery staple';
const UNTOUCHED = 'The target was not touched';

let bed: TestBed;
let folder: string;
let large: ActionRun;
let sealed: ActionRun;
let targets = 0;
beforeAll(async () => {
  bed = await startTestBed();
  folder = await mkdtemp(path.join(tmpdir(), 'backups-'));
  const url = await bed.database.createDatabase('large');
  await fillLarge(bed.database, { database: 'large', megabytes: 30 });
  const make = async (inputs: Record<string, string>): Promise<ActionRun> => {
    const storage = `artifact\n${folder}/`;
    const run = await bed.backup({
      inputs: { 'connection-string': url, storage, ...inputs },
      secrets: [PASSPHRASE],
    });
    expectSuccess(run);
    return run;
  };
  large = await make({ 'backup-name': 'large' });
  sealed = await make({ 'backup-name': 'sealed', 'age-passphrase': PASSPHRASE });
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

const fileOf = ({ outputs }: ActionRun): string => outputs['backup-path'] ?? '';

async function restore(
  inputs: Record<string, string>,
  options: RunActionOptions,
): Promise<{ readonly target: string; readonly run: ActionRun }> {
  const target = `target_${(targets += 1)}`;
  const url = await bed.database.createDatabase(target);
  const run = await bed.restore({
    ...options,
    inputs: { 'connection-string': url, ...inputs },
    secrets: [PASSPHRASE],
  });
  return { target, run };
}

describe('a full disk (thorough)', () => {
  it.each([
    [
      'download',
      () => ({ backup: large.outputs['artifact-name'] ?? '' }),
      /could not be written to the disk/,
    ],
    [
      'decryption',
      () => ({ path: fileOf(sealed), 'age-passphrase': PASSPHRASE }),
      /could not be decrypted: .*(?:no space|disk)/i,
    ],
  ])('at the %s makes the step fail, and changes nothing', async (_, inputs, annotation) => {
    const disk = await smallDisk(2);
    const options: RunActionOptions = disk
      ? { temp: disk.folder }
      : // Without the right to mount a small disk, a limit on the size of files stops the action in the same place.
        { onStart: ({ pid }) => void limitFileSize(pid, 2) };
    try {
      const { target, run } = await restore(inputs(), options);
      expectFailedRestore(run, disk ? annotation : /disk|file too large|EFBIG/i);
      expect(run.summary).toContain(UNTOUCHED);
      expect(await relationsIn(bed, target)).toEqual([]);
    } finally {
      await disk?.remove();
    }
  });

  /** Restores with tools of which one fills the disk to the last byte. */
  const whileFilled = async (
    standIns: (fill: string) => StandIns,
  ): Promise<{ readonly target: string; readonly run: ActionRun } | undefined> => {
    const disk = await smallDisk(8);
    if (!disk) return undefined;
    const fill = `cat /dev/zero > '${disk.folder}/filler' 2> /dev/null`;
    try {
      return await withStandIns(bed.toolCache, standIns(fill), (toolCache) =>
        restore({ path: fileOf(large) }, { temp: disk.folder, toolCache }),
      );
    } finally {
      await disk.remove();
    }
  };

  it.each([
    ['before the archive is read back', (fill: string) => `${fill}; exec "$real" "$@"`],
    ['before the plan is made', (fill: string) => `"$real" "$@" || exit; ${fill}; exit 0`],
  ])('%s makes the step fail, and changes nothing', async (_, commands) => {
    const done = await whileFilled((fill) => ({ pg_restore: commands(fill) }));
    if (!done) return;
    const { target, run } = done;
    expect(errorsOf(run)).toEqual([expect.stringMatching(/^The disk of the runner is full: ENOSPC.*\n/)]);
    expect(run.leftFiles).toEqual(['temp/filler']);
    expect(run.summary).toContain('The target is as it was before');
    expect(await relationsIn(bed, target)).toEqual([]);
  });

  it('before the verification does not hinder it', async () => {
    // It dumps the definitions of what was restored.
    const done = await whileFilled((fill) => ({ pg_dump: `${fill}; exec "$real" "$@"` }));
    if (!done) return;
    expect(done.run.log).toMatch(/^Compared in /m);
    // The file for the outputs is on the same disk.
    expect(errorsOf(done.run)).toEqual([expect.stringMatching(/^GITHUB_OUTPUT: .*ENOSPC/)]);
    expect(done.run.summary).toMatch(/what was restored.* and it is verified/);
  });
});
