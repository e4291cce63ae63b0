import { closeSync, globSync, openSync, readSync, readdirSync, statSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionRun, RunActionOptions } from '../../support/runner.ts';
import { type SmallDisk, fillUp, limitFileSize, makeReadOnly, smallDisk } from '../../support/small-disk.ts';
import { type FaultBed, backUp, withFolder } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';

const PASSPHRASE = 'correct horse battery staple';
const ENCRYPTED = { inputs: { 'age-passphrase': PASSPHRASE }, secrets: [PASSPHRASE] };

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

/** Backs up the shop, and does something to its work folder when a line appears in the log. */
async function meddled(
  bed: FaultBed,
  { atLine, act, ...options }: RunActionOptions & { atLine: RegExp; act: (workFolder: string) => void },
): Promise<ActionRun> {
  const temp = await mkdtemp(join(tmpdir(), 'meddled-'));
  let acted = false;
  return withFolder(temp, async () => {
    const run = await backUp(bed, bed.shop, {
      ...options,
      temp,
      // Next, the action sends a request to the artifact service, which runs in this process: it cannot be faster.
      onLine: (line) => {
        if (acted || !atLine.test(line)) return;
        acted = true;
        act(globSync(join(temp, 'postgres-backup-*'))[0] ?? '');
      },
    });
    if (!acted) throw new Error(`The log never said ${String(atLine)}:\n${run.log}`);
    return run;
  });
}

/** Flips one bit in the middle of the only file whose name matches. */
function flipBit(folder: string, pattern: string): void {
  const [name = ''] = globSync(pattern, { cwd: folder });
  const path = join(folder, name);
  const at = Math.floor(statSync(path).size / 2);
  const byte = Buffer.alloc(1);
  const file = openSync(path, 'r+');
  readSync(file, byte, 0, 1, at);
  writeSync(file, Buffer.of(byte.readUInt8() ^ 1), 0, 1, at);
  closeSync(file);
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
    fault: 'the disk is full',
    phase: 'dump',
    outcome: 'failed',
    says: /^pg_dump (?:failed: The disk of the runner is full|failed: .*File too large|was ended by SIGXFSZ)/,
    strike: async (bed) =>
      (await onSmallDisk(2, (_, temp) => backUp(bed, bed.large, { temp }))) ??
      // Where this user cannot mount a disk, a limit on the size of files stops pg_dump at the same point.
      backUp(bed, bed.large, { onStart: ({ pid }) => void limitFileSize(pid, 2) }),
  },
  {
    fault: 'another process fills the disk to the last byte',
    phase: 'read-back',
    // The outputs are written last, and the file for them is on the same disk.
    outcome: 'failed',
    published: true,
    says: /^GITHUB_OUTPUT: the file that the runner reads from this step cannot be written: ENOSPC[^]*The backup is still complete/,
    strike: (bed) =>
      onSmallDisk(32, (disk, temp) =>
        backUp(bed, bed.shop, {
          temp,
          onLine: (line) => {
            if (line.startsWith('Dumped')) fillUp(disk);
          },
        }),
      ),
  },
  {
    fault: 'the work folder becomes read-only',
    phase: 'read-back',
    outcome: 'failed',
    says: /^(?:The disk of the runner has become read-only|A file on the runner cannot be accessed): /,
    async strike(bed) {
      let readOnly: { undo(): void } | undefined;
      const temp = await mkdtemp(join(tmpdir(), 'read-only-'));
      const undo = (): void => {
        readOnly?.undo();
        readOnly = undefined;
      };
      return withFolder(temp, async () => {
        try {
          return await backUp(bed, bed.shop, {
            temp,
            onLine: (line) => {
              if (line.startsWith('Read back'))
                readOnly = makeReadOnly(globSync(join(temp, 'postgres-backup-*'))[0] ?? '');
              // The post step removes what remains of it.
              if (line.startsWith('##[error]')) undo();
            },
          });
        } finally {
          undo();
        }
      });
    },
  },
  {
    fault: 'a bit of the archive changes after it was read back',
    phase: 'encryption',
    outcome: 'failed',
    says: /^The (?:encrypted )?backup .*\n/,
    strike: (bed) =>
      meddled(bed, {
        ...ENCRYPTED,
        atLine: /^Read back/,
        act: (folder) => {
          flipBit(folder, 'archive');
        },
      }),
  },
  {
    fault: 'the disk has no room for the encrypted file',
    phase: 'encryption',
    outcome: 'failed',
    says: /^The backup could not be encrypted: ENOSPC.*\nCheck that the disk has enough space/,
    strike: (bed) =>
      onSmallDisk(32, (disk, temp) =>
        backUp(bed, bed.shop, {
          ...ENCRYPTED,
          temp,
          onLine: (line) => {
            if (line.startsWith('Read back')) fillUp(disk);
          },
        }),
      ),
  },
  {
    fault: 'a bit of the archive changes after it was read back',
    phase: 'upload',
    everyday: true,
    outcome: 'failed',
    says: /differs from the file that was read back/,
    strike: (bed) =>
      meddled(bed, {
        atLine: /^Read back/,
        act: (folder) => {
          flipBit(folder, 'archive');
        },
      }),
  },
  {
    fault: 'a bit of the encrypted file changes after it was verified',
    phase: 'upload',
    outcome: 'failed',
    says: /differs from the file that was read back/,
    strike: (bed) =>
      meddled(bed, {
        ...ENCRYPTED,
        atLine: /^Encrypted to/,
        act: (folder) => {
          flipBit(folder, '*.age');
        },
      }),
  },
  {
    fault: 'the disk for the local copy is full',
    phase: 'upload',
    outcome: 'failed',
    says: /^The backup could not be kept at .*ENOSPC.*\nCheck that the disk has enough space/,
    strike: (bed) =>
      onSmallDisk(1, async ({ folder }, empty) => {
        const run = await backUp(bed, bed.large, { inputs: { path: `${folder}/kept/` } });
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
