import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stitchArchive } from '../../src/archive/stitching/stitched-archive.ts';
import type { ActionRun } from '../../__tests__/support/runner.ts';
import { type BackupBed, millisecondsOf, startBackupBed } from './backup-bed.ts';
import { type Figure, median, printFigures, timed } from './figures.ts';

const ROUNDS = 3;
/** Each takes five minutes. */
const LINK_ROUNDS = 2;
const STITCH_ROUNDS = 5;
const JOBS = { jobs: '4' };
/** In four equal tables. */
const MEGABYTES = { link: 2000, local: 650, memory: 6500 };
const BYTES_PER_SECOND = 8_000_000;

/** A backup with several connections, against the bare tool over one slow connection, and against one connection without limits. */
export async function benchParallel(): Promise<void> {
  const figures = [...(await localFigures()), ...(await linkFigures()), await memoryFigure()];
  printFigures('A backup with jobs: 4, medians of rounds', figures);
}

/** Each side goes first in turn, so that a machine that slows down favours neither. */
async function localFigures(): Promise<Figure[]> {
  await using bed = await startBackupBed(MEGABYTES.local);
  await bed.backup('warm-up');
  const ratios: number[] = [];
  const peaks: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    console.log(`Without limits, round ${round} of ${ROUNDS} …`);
    const one = async (): Promise<number> => all(await bed.backup(`one-${round}`));
    const before = round % 2 === 1 ? await one() : undefined;
    const run = await parallel(bed, round);
    ratios.push(all(run) / (before ?? (await one())));
    peaks.push((run.peakRssBytes ?? Number.NaN) / 1e6);
  }
  return [
    { name: 'whole job without limits / with jobs: 1', value: median(ratios), unit: 'x', atMost: 1.1 },
    { name: 'peak memory of node, 650 MB', value: median(peaks), unit: 'MB', atMost: 200 },
    { name: 'stitching', value: await stitchingRate(bed), unit: 'MB/s', atLeast: 500 },
  ];
}

async function linkFigures(): Promise<Figure[]> {
  await using bed = await startBackupBed(MEGABYTES.link, { bytesPerSecond: BYTES_PER_SECOND });
  await bed.backup('warm-up', undefined, { 'exclude-table-data': '*' });
  const ratios: number[] = [];
  for (let round = 1; round <= LINK_ROUNDS; round++) {
    console.log(`8 MB/s for each connection, round ${round} of ${LINK_ROUNDS} …`);
    const file = path.join(bed.folder, `bare-${round}.bak`);
    const bareDump = (): Promise<number> => timed(() => bed.bareDump(file, '-Z', 'zstd:3'));
    const before = round % 2 === 1 ? await bareDump() : undefined;
    const run = await parallel(bed, round);
    const bare = before ?? (await bareDump());
    console.log({ bare: Math.round(bare), ...millisecondsOf(run) });
    ratios.push(bare / all(run));
    await rm(file);
  }
  return [
    {
      name: 'bare pg_dump -Fc over 8 MB/s a connection / whole job',
      value: median(ratios),
      unit: 'x',
      atLeast: 3.5,
    },
  ];
}

async function memoryFigure(): Promise<Figure> {
  await using bed = await startBackupBed(MEGABYTES.memory);
  const run = await parallel(bed, 1);
  console.log(millisecondsOf(run));
  const value = (run.peakRssBytes ?? Number.NaN) / 1e6;
  return { name: 'peak memory of node, 6500 MB', value, unit: 'MB', atMost: 200 };
}

/** From the directory of a dump to nothing. */
async function stitchingRate(bed: BackupBed): Promise<number> {
  const rates: number[] = [];
  for (let round = 1; round <= STITCH_ROUNDS; round++) {
    const folder = path.join(bed.folder, 'directory');
    await bed.bareDump(folder, '--format=directory', '--jobs=4', '-Z', 'zstd:3');
    let bytes = 0;
    const milliseconds = await timed(async () => {
      const stitched = await stitchArchive(folder);
      bytes = stitched.bytes;
      await pipeline(stitched.read(new AbortController().signal), nothing());
    });
    rates.push(bytes / 1e3 / milliseconds);
    await rm(folder, { recursive: true });
  }
  return median(rates);
}

function nothing(): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
}

function parallel(bed: BackupBed, round: number): Promise<ActionRun> {
  return bed.backup(`parallel-${round}`, undefined, JOBS);
}

const all = (run: ActionRun): number => millisecondsOf(run)['In all'] ?? Number.NaN;
