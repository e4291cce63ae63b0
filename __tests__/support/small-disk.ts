import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from '../../src/errors.ts';

const execute = promisify(execFile);

/** A folder on a file system of its own that is soon full. */
export interface SmallDisk {
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * @param files how many files and folders it takes; any number when absent.
 * @returns undefined where this user may not mount anything.
 */
export async function smallDisk(megabytes: number, files?: number): Promise<SmallDisk | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'small-disk-'));
  // The folder itself counts.
  const inodes = files === undefined ? '' : `,nr_inodes=${files + 1}`;
  try {
    await execute('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755${inodes}`, 'tmpfs', folder]);
  } catch {
    await rm(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    async remove() {
      await execute('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}

/** Lets no file of a process, or of those that it starts from now on, grow beyond a size: what an ordinary user can do. */
export async function limitFileSize(pid: number, megabytes: number): Promise<void> {
  await execute('prlimit', [`--pid=${pid}`, `--fsize=${megabytes * 1024 * 1024}`]);
}

/** Takes what room is left on a disk, to the last byte. The file that takes it is `filler` in the folder. */
export function fillUp({ folder }: SmallDisk): void {
  const file = openSync(join(folder, 'filler'), 'a');
  try {
    for (const size of [1024 * 1024, 4096, 1]) writeUntilFull(file, Buffer.alloc(size));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, block: Buffer): void {
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if (errorCode(error) !== 'ENOSPC') throw error;
  }
}

/** Lets nobody write in a folder, and undoes that: as root by a mount over it, else by its mode. */
export function makeReadOnly(folder: string): { undo(): void } {
  if (process.getuid?.() !== 0) {
    chmodSync(folder, 0o500);
    return {
      undo: () => {
        chmodSync(folder, 0o700);
      },
    };
  }
  execFileSync('mount', ['--bind', folder, folder]);
  execFileSync('mount', ['-o', 'remount,ro,bind', folder]);
  return {
    undo: () => {
      execFileSync('umount', [folder]);
    },
  };
}
