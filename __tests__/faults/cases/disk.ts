import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionRun } from '../../support/runner.ts';
import { type SmallDisk, limitFileSize, smallDisk } from '../../support/small-disk.ts';
import { withStandIns } from '../../support/stand-in-tools.ts';
import { backUp } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';

/** Works with a separate small disk that contains the folder for temporary files; undefined where mounting is not allowed. */
async function onSmallDisk(
  megabytes: number,
  work: (disk: SmallDisk, temp: string) => Promise<ActionRun>,
): Promise<ActionRun | undefined> {
  const disk = await smallDisk(megabytes);
  if (!disk) return undefined;
  try {
    const temp = join(disk.folder, 'temp');
    await mkdir(temp);
    return await work(disk, temp);
  } finally {
    await disk.remove();
  }
}

/** Faults of the disk, and of the files on it. */
export const diskCases: readonly FaultCase[] = [
  {
    fault: 'the disk has no room for the outputs at the start',
    phase: 'start',
    outcome: 'failed',
    says: /^GITHUB_OUTPUT: .*ENOSPC.*\nCheck that the disk of the runner has room/,
    strike: (bed) => backUp(bed, bed.shop, { env: { GITHUB_OUTPUT: '/dev/full' } }),
  },
  {
    fault: 'the disk has room for nothing but the records of the job',
    phase: 'dump',
    everyday: true,
    outcome: 'survived',
    says: /Uploaded large-/,
    strike: async (bed) =>
      (await onSmallDisk(2, (_, temp) => backUp(bed, bed.large, { temp }))) ??
      // Where this user cannot mount a disk, the size of files is limited.
      backUp(bed, bed.large, { onStart: ({ pid }) => void limitFileSize(pid, 2) }),
  },
  {
    fault: 'the disk has no room for the archive of a test restore',
    phase: 'dump',
    outcome: 'failed',
    says: /^The disk of the runner is full: ENOSPC/,
    strike: (bed) =>
      onSmallDisk(2, (_, temp) =>
        backUp(bed, bed.large, { temp, inputs: { 'verify-connection-string': bed.database.url } }),
      ),
  },
  {
    fault: 'another process fills the disk to the last byte',
    phase: 'read-back',
    // The record of an artifact needs a file.
    outcome: 'failed',
    says: /^The record of the backup could not be written to .*ENOSPC.* The artifact was deleted\.\nCheck that the disk of the runner has enough space/,
    strike: (bed) =>
      onSmallDisk(32, ({ folder }, temp) =>
        withStandIns(
          bed.toolCache,
          // It ends after it has read the whole archive.
          { pg_restore: `"$real" "$@" || exit; cat /dev/zero > '${folder}/filler' 2> /dev/null; exit 0` },
          (toolCache) => backUp(bed, bed.shop, { temp, toolCache }),
        ),
      ),
  },
  {
    fault: 'the disk of a folder is full',
    phase: 'upload',
    outcome: 'failed',
    says: /^The backup could not be written to the folder .*ENOSPC.*\nCheck that the disk has enough space/,
    strike: (bed) =>
      onSmallDisk(1, async ({ folder }, empty) => {
        const run = await backUp(bed, bed.large, { inputs: { storage: `artifact\n${folder}/kept/` } });
        const left = [...readdirSync(folder), ...readdirSync(empty)].filter((name) => name !== 'temp');
        if (left.length > 0) throw new Error(`There is something left on the disk: ${left.join(', ')}`);
        return run;
      }),
  },
  {
    fault: 'the disk has no room for the summary',
    phase: 'report',
    outcome: 'survived',
    says: /The job summary cannot be written: ENOSPC/,
    strike: (bed) => backUp(bed, bed.shop, { env: { GITHUB_STEP_SUMMARY: '/dev/full' } }),
  },
];
