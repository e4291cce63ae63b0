import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionRun } from '../../support/runner.ts';
import { smallDisk } from '../../support/small-disk.ts';
import type { FaultBed } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';
import { backUpInParallel, withChangedFiles, withFilesChangedLate } from '../parallel-dump.ts';

/** Backs up with a folder for temporary files on a small disk; undefined where mounting is not allowed. */
async function onDisk(bed: FaultBed, megabytes: number): Promise<ActionRun | undefined> {
  const disk = await smallDisk(megabytes);
  if (!disk) return undefined;
  try {
    const temp = join(disk.folder, 'temp');
    await mkdir(temp);
    return await backUpInParallel(bed, { temp });
  } finally {
    await disk.remove();
  }
}

const UNSTITCHABLE = String.raw`\n.*[Rr]un the job again`;

/** The disk, and the files of the directory of a dump over several connections. */
export const parallelFiles: readonly FaultCase[] = [
  {
    fault: 'the disk is much too small for the dump',
    phase: 'preflight',
    outcome: 'failed',
    says: /^jobs: 2 writes the dump to the disk of the runner first, and it does not fit: .*\nSet "jobs: 1"/,
    strike: (bed) => onDisk(bed, 1),
  },
  {
    fault: 'the disk gets full while the dump is written',
    phase: 'dump',
    outcome: 'failed',
    says: /^pg_dump failed: The disk of the runner is full\.\n.*"jobs: 1"/,
    strike: (bed) => onDisk(bed, 8),
  },
  {
    fault: 'a file of the dump is truncated before it is stitched',
    phase: 'dump',
    everyday: true,
    outcome: 'failed',
    says: new RegExp(`is not complete.*${UNSTITCHABLE}`),
    strike: (bed) => withChangedFiles(bed, 'truncate --size=-100 "$1"'),
  },
  {
    fault: 'a file of the dump is missing before it is stitched',
    phase: 'dump',
    outcome: 'failed',
    says: new RegExp(`is missing.*${UNSTITCHABLE}`),
    strike: (bed) => withChangedFiles(bed, 'rm "$2"'),
  },
  {
    fault: 'two files of the dump are exchanged while it is stitched',
    phase: 'dump',
    outcome: 'failed',
    says: new RegExp(`was changed meanwhile.*${UNSTITCHABLE}`),
    strike: (bed) => withFilesChangedLate(bed, 'mv "$3" kept && mv "$4" "$3" && mv kept "$4"'),
  },
  {
    fault: 'a file of the dump is replaced by that of another dump while it is stitched',
    phase: 'dump',
    outcome: 'failed',
    says: new RegExp(`was changed meanwhile.*${UNSTITCHABLE}`),
    strike: (bed) => withFilesChangedLate(bed, 'cp "$4" other && mv other "$4"'),
  },
  {
    fault: 'a file of the dump is truncated while it is stitched',
    phase: 'dump',
    outcome: 'failed',
    says: new RegExp(`was changed meanwhile.*${UNSTITCHABLE}`),
    strike: (bed) => withFilesChangedLate(bed, 'truncate --size=1000 "$4"'),
  },
];
