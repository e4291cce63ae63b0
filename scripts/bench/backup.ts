import { execFile } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type BackupBed, millisecondsOf, startBackupBed } from './backup-bed.ts';
import { type Figure, median, printFigures, timed } from './figures.ts';

const execute = promisify(execFile);
const ROUNDS = 5;
const ENTRY = path.resolve(import.meta.dirname, '../../dist/backup/index.js');

interface Round {
  readonly dump: number;
  readonly readBack: number;
  readonly upload: number;
  readonly beside: number;
  readonly peakMegabytes: number;
  readonly bareZstd: number;
  readonly bareGzip: number;
  readonly bareUncompressed: number;
  readonly bareUpload: number;
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
      name: 'dump / bare pg_dump -Fc -Z zstd:3',
      value: ratio((r) => r.dump / r.bareZstd),
      unit: 'x',
      atMost: 1.05,
    },
    // As fast as the server sends: no dump can be faster, whatever its compression.
    {
      name: 'bare pg_dump -Fc -Z none / dump',
      value: ratio((r) => r.bareUncompressed / r.dump),
      unit: 'x',
    },
    { name: 'bare pg_dump -Fc / dump', value: ratio((r) => r.bareGzip / r.dump), unit: 'x', atLeast: 2.5 },
    {
      name: 'read-back with manifest / dump',
      value: ratio((r) => r.readBack / r.dump),
      unit: 'x',
      atMost: 0.35,
    },
    {
      name: 'upload / bare client, unzipped',
      value: ratio((r) => r.upload / r.bareUpload),
      unit: 'x',
      atMost: 1.2,
    },
    {
      name: 'bare client, default zip / upload',
      value: ratio((r) => r.zipUpload / r.upload),
      unit: 'x',
      atLeast: 3,
    },
    { name: 'everything else, tools cached', value: ratio((r) => r.beside / 1000), unit: 's', atMost: 1 },
    { name: 'peak memory of node', value: ratio((r) => r.peakMegabytes), unit: 'MB', atMost: 256 },
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
  const otherFile = path.join(bed.folder, 'other.bak');
  const bareGzip = await timed(() => bed.bareDump(otherFile));
  await rm(otherFile);
  const bareUncompressed = await timed(() => bed.bareDump(otherFile, '-Z', 'none'));
  await rm(otherFile);
  const bareUpload = await bed.bareUpload(bareFile, 'file');
  const zipFile = path.join(bed.folder, `zip-${round}.bak`);
  await copyFile(bareFile, zipFile);
  const zipUpload = await bed.bareUpload(zipFile, 'zip');
  await Promise.all([rm(bareFile), rm(zipFile)]);

  const { Dump = 0, Upload = 0, 'Read back': readBack = 0, 'In all': all = 0 } = millisecondsOf(run);
  return {
    dump: Dump,
    readBack,
    upload: Upload,
    beside: all - Dump - readBack - Upload,
    peakMegabytes: (run.peakRssBytes ?? 0) / 1e6,
    bareZstd,
    bareGzip,
    bareUncompressed,
    bareUpload,
    zipUpload,
  };
}

/** From nothing to the end of a run that is refused at its first input. */
async function startUpSeconds(): Promise<number> {
  return (await timed(() => execute(process.execPath, [ENTRY], { env: {} }).catch(() => undefined))) / 1000;
}
