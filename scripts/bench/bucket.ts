import path from 'node:path';
import { type BackupBed, type Storage, millisecondsOf, startBackupBed } from './backup-bed.ts';
import { startBucketBed } from '../../__tests__/support/s3-bucket.ts';
import { startVersitygw } from '../../__tests__/support/versitygw.ts';
import { median, printFigures } from './figures.ts';

const ROUNDS = 5;

/** A backup into a bucket against one into the artifact storage, and a restore from a bucket against one from a folder. */
export async function benchBucket(): Promise<void> {
  const gateway = await startVersitygw();
  if (!gateway) throw new Error('This bench needs versitygw.');
  const bucket = await startBucketBed(gateway);
  try {
    // Past the proxy of the tests, which would cost this process as much as sending costs the action.
    const inBucket = {
      storage: bucket.storage().replace(bucket.proxy.origin, gateway.origin),
      env: bucket.env(),
    };
    const ratios = await compare(inBucket);
    console.log('Now a database of 6500 MB …');
    await using large = await startBackupBed(6500);
    const { peakRssBytes = Number.NaN } = await large.backup('memory', inBucket);
    printFigures(`A bucket, 650 MB, medians of ${ROUNDS} rounds`, [
      { name: 'whole job into a bucket / as an artifact', value: ratios.backup, unit: 'x', atMost: 1.1 },
      { name: 'restore from a bucket / from a folder', value: ratios.restore, unit: 'x', atMost: 1.1 },
      { name: 'peak memory of node, 6500 MB', value: peakRssBytes / 1e6, unit: 'MB', atMost: 256 },
    ]);
  } finally {
    await bucket.stop();
  }
}

async function compare(inBucket: Storage): Promise<{ readonly backup: number; readonly restore: number }> {
  await using bed = await startBackupBed(650);
  const inFolder = { storage: path.join(bed.folder, 'backups') };
  const backups: number[] = [];
  const restores: number[] = [];
  await bed.backup('warm-up');
  await bed.backup('kept', { ...inBucket, storage: `${inBucket.storage}\n${inFolder.storage}` });
  await restored(bed, inFolder);
  for (let round = 1; round <= ROUNDS; round++) {
    console.log(`Round ${round} of ${ROUNDS} …`);
    // Each side goes first in turn, so that a machine that slows down favours neither.
    const isFirst = round % 2 === 1;
    const artifact = isFirst ? all(await bed.backup(`artifact-${round}`)) : undefined;
    const object = all(await bed.backup(`bucket-${round}`, inBucket));
    backups.push(object / (artifact ?? all(await bed.backup(`artifact-${round}`))));
    const fromFolder = isFirst ? await restored(bed, inFolder) : undefined;
    const fromBucket = await restored(bed, inBucket);
    restores.push(fromBucket / (fromFolder ?? (await restored(bed, inFolder))));
  }
  return { backup: median(backups), restore: median(restores) };
}

const all = (run: Parameters<typeof millisecondsOf>[0]): number =>
  millisecondsOf(run)['In all'] ?? Number.NaN;

async function restored(bed: BackupBed, from: Storage): Promise<number> {
  return all(await bed.restore('kept', from));
}
