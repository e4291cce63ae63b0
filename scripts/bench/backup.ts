import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type BackupBed, millisecondsOf, startBackupBed } from './backup-bed.ts';
import { type Figure, median, printFigures, timed } from './figures.ts';

const execute = promisify(execFile);
const ROUNDS = 5;
const ENTRY = path.resolve(import.meta.dirname, '../../dist/backup/index.js');

/** Milliseconds, but for the memory. */
interface Round {
  readonly all: number;
  readonly dump: number;
  readonly beside: number;
  readonly peakMegabytes: number;
  readonly bareZstd: number;
  readonly bareGzip: number;
  readonly zipUpload: number;
}

/** The backup of a database of 650 MB against the bare tools. */
export async function benchBackup(): Promise<void> {
  await using bed = await startBackupBed(650);
  await bed.backup('warm-up');
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    console.log(`Round ${round} of ${ROUNDS} …`);
    rounds.push(await measure(bed, round));
  }
  const startUps: number[] = [];
  for (let round = 1; round <= 2 * ROUNDS; round++) startUps.push(await startUpSeconds());
  const ratio = (of: (round: Round) => number): number => median(rounds.map(of));
  const figures: Figure[] = [
    {
      name: 'whole job / bare pg_dump -Fc -Z zstd:3',
      value: ratio((r) => r.all / r.bareZstd),
      unit: 'x',
      atMost: 1.7,
    },
    {
      name: 'dump, read back and uploaded / the same bare pg_dump',
      value: ratio((r) => r.dump / r.bareZstd),
      unit: 'x',
    },
    {
      name: 'bare pg_dump -Fc and upload in a zip / whole job',
      value: ratio((r) => (r.bareGzip + r.zipUpload) / r.all),
      unit: 'x',
      atLeast: 2.8,
    },
    { name: 'everything else, tools cached', value: ratio((r) => r.beside / 1000), unit: 's', atMost: 1 },
    { name: 'peak memory of node', value: ratio((r) => r.peakMegabytes), unit: 'MB', atMost: 200 },
    { name: 'start-up', value: median(startUps), unit: 's', atMost: 0.2 },
  ];
  printFigures(`Backup of a database of 650 MB, medians of ${ROUNDS} rounds`, figures);
}

/** The bare tools stand before and after the action in turn, so that a machine that slows down favours neither. */
async function measure(bed: BackupBed, round: number): Promise<Round> {
  const bareFile = path.join(bed.folder, `bare-${round}.bak`);
  const bareDump = (): Promise<number> => timed(() => bed.bareDump(bareFile, '-Z', 'zstd:3'));
  const before = round % 2 === 1 ? await bareDump() : undefined;
  const run = await bed.backup(`bench-${round}`);
  const bareZstd = before ?? (await bareDump());
  const recipeFile = path.join(bed.folder, `recipe-${round}.bak`);
  const bareGzip = await timed(() => bed.bareDump(recipeFile));
  const zipUpload = await bed.zipUpload(recipeFile);
  await Promise.all([rm(bareFile), rm(recipeFile)]);

  const { Dump: dump = 0, 'In all': all = 0 } = millisecondsOf(run);
  return {
    ...{ all, dump, beside: all - dump, bareZstd, bareGzip, zipUpload },
    peakMegabytes: (run.peakRssBytes ?? 0) / 1e6,
  };
}

/** From nothing to the end of a run that is refused at its first input. */
async function startUpSeconds(): Promise<number> {
  return (await timed(() => execute(process.execPath, [ENTRY], { env: {} }).catch(() => undefined))) / 1000;
}
