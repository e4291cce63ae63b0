import { rm } from 'node:fs/promises';
import path from 'node:path';
import { millisecondsOf, startBackupBed } from './backup-bed.ts';
import { median, printFigures, timed } from './figures.ts';

const ROUNDS = 5;
const MEGABYTES = 300;
/** Between a cloud and a runner it is often less. */
const BYTES_PER_SECOND = 40_000_000;

/** The backup of a database at the other end of a link of 40 MB/s, against the bare tool over the same link. */
export async function benchLink(): Promise<void> {
  await using bed = await startBackupBed(MEGABYTES, { bytesPerSecond: BYTES_PER_SECOND });
  await bed.backup('warm-up');
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    console.log(`Round ${round} of ${ROUNDS} …`);
    const file = path.join(bed.folder, `bare-${round}.bak`);
    const bareDump = (): Promise<number> => timed(() => bed.bareDump(file, '-Z', 'zstd:3'));
    // The bare tool stands before and after the action in turn, so that a machine that slows down favours neither.
    const before = round % 2 === 1 ? await bareDump() : undefined;
    const { 'In all': all = Number.NaN } = millisecondsOf(await bed.backup(`link-${round}`));
    ratios.push(all / (before ?? (await bareDump())));
    await rm(file);
  }
  printFigures(`Backup of a database of ${MEGABYTES} MB over a link of 40 MB/s, median of ${ROUNDS} rounds`, [
    { name: 'whole job / bare pg_dump -Fc -Z zstd:3', value: median(ratios), unit: 'x', atMost: 1.1 },
  ]);
}
