import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { fillLarge } from '../support/shop.ts';
import { type SmallDisk, fillUp, limitFileSize, smallDisk } from '../support/small-disk.ts';
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
const NOT_VERIFIED = 'The target contains what was restored, but it is not verified.';

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

  it.each([
    ['before the archive is read back', /^Restoring from the file/, UNTOUCHED],
    ['before the plan is made', /^Read back/, UNTOUCHED],
    ['before anything is restored', /^Will create/, 'The target'],
    ['before the verification', /^Restored /, NOT_VERIFIED],
  ])('%s makes the step fail, and says how the target is', async (moment, line, impact) => {
    const disk: SmallDisk | undefined = await smallDisk(8);
    if (!disk) return;
    try {
      const { target, run } = await restore(
        { path: fileOf(large) },
        {
          temp: disk.folder,
          onLine: (shown) => {
            if (line.test(shown)) fillUp(disk);
          },
        },
      );
      process.stderr.write(
        `${moment}: ${String(run.exitCode)} ${errorsOf(run).join('|')}\n${run.log}\n${run.summary.slice(0, 400)}\n${run.leftFiles.join()}\n${(await relationsIn(bed, target)).join()}\n`,
      );
      expect(run.summary).toContain(impact);
    } finally {
      await disk.remove();
    }
  });
});
