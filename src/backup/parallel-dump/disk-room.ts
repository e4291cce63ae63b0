import { UserError } from '../../errors.ts';
import { bytes } from '../../runner/format.ts';
import type { Compression } from '../compression.ts';

/** What a parallel dump puts on the disk of the runner. */
export interface DumpOnDisk {
  readonly jobs: number;
  readonly method: Compression['method'];
  /** What the server has of the rows to dump, without indexes. */
  readonly dataBytes: number;
  /** Of the largest table. */
  readonly largestBytes: number;
  /** Whether the archive stays on the disk, for a test restore: it grows while the files of the dump are deleted one after the other. */
  readonly keepsArchive: boolean;
  readonly freeBytes: number;
}

/**
 * How much larger than on the server a dump can be: `bytea` becomes two digits for each byte, which the methods with an entropy coder make
 * up for.
 */
const AT_MOST: Readonly<Record<Compression['method'], number>> = { zstd: 1.1, gzip: 1.1, lz4: 2, none: 2 };
/** How much smaller it can be: compression to a tenth, of tables half of which is empty. */
const AT_LEAST = 1 / 20;

/**
 * Compares the free space with the size of the dump, of which only the limits are known before it.
 *
 * @returns an error if it would not fit even if it is as small as it can be, a notice if it may not fit; undefined if it fits.
 */
export function diskRoom(dump: DumpOnDisk): UserError | { readonly notice: string } | undefined {
  const { jobs, method, dataBytes, freeBytes } = dump;
  const stored = dataBytes + (dump.keepsArchive ? dump.largestBytes : 0);
  if (stored * AT_MOST[method] <= freeBytes) return undefined;
  const told = `jobs: ${jobs} writes the dump to the disk of the runner first`;
  const free = `${bytes(freeBytes)} are free in RUNNER_TEMP`;
  const least = stored * AT_LEAST;
  if (least > freeBytes) {
    return new UserError(
      'runner',
      `${told}, and it does not fit: the tables have ${bytes(dataBytes)}, which is at least ${bytes(least)} in a dump, and ${free}.`,
      'Set "jobs: 1", which needs no space for the dump, or use a runner with a larger disk.',
    );
  }
  return {
    notice: `${told}, and it may not fit: the tables have ${bytes(dataBytes)} before compression, and ${free}. If the disk gets full, the backup fails; "jobs: 1" needs no space for the dump.`,
  };
}
