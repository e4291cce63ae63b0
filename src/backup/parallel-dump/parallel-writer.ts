import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type TableSizes, progressLine } from '../../archive/copy-progress.ts';
import { stitchArchive } from '../../archive/stitching/stitched-archive.ts';
import type { FanOut } from '../../process/fan-out.ts';
import { Workers } from '../../process/workers.ts';
import { bytes, duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import { logProgress } from '../../runner/progress-log.ts';
import type { ArchiveWriter, WriterRun } from '../dump/archive-writer.ts';
import { watchFolder } from './folder-usage.ts';
import { parallelDumpProgress } from './parallel-dump-progress.ts';

/** A dump with several connections. */
export interface ParallelDump {
  /** How many connections dump at once: 2 or more. `pg_dump` has one more, which reads the catalogue and locks the tables. */
  readonly jobs: number;
  /** Where it is written to, without encryption, until the target has got it. Only this user must be able to read what is around it. */
  readonly folder: string;
}

/**
 * `pg_dump` with several connections writes a directory, which is then stitched into one archive in custom format. That has its table of
 * contents first, with the place of all data: so nothing can go to the target before everything is dumped.
 */
export function parallelWriter(
  { jobs, folder }: ParallelDump,
  target: FanOut,
  sizes: TableSizes,
): ArchiveWriter {
  let begun = 0;
  return {
    // What is deleted in a moment need not be safe on the disk.
    args: ['--format=directory', `--jobs=${jobs}`, `--file=${folder}`, '--no-sync'],
    async begin() {
      await rm(folder, { recursive: true, force: true });
      begun = performance.now();
      return follow(folder, sizes);
    },
    async deliver(signal) {
      const { directoryBytes, bytes: total, read } = await stitchArchive(folder);
      log.info(
        `Dumped over ${jobs} connections in ${duration(performance.now() - begun)}; up to ${bytes(directoryBytes)} of the runner's disk`,
      );
      const started = performance.now();
      const ticker = logProgress((elapsedMs) =>
        progressLine({ reached: target.bytes, total, elapsedMs, name: 'stitching' }),
      );
      try {
        await pipeline(read(signal), target, { end: false, signal });
      } finally {
        ticker.stop();
        await rm(folder, { recursive: true, force: true });
      }
      log.info(`Stitched into one archive in ${duration(performance.now() - started)}`);
      return { jobs, diskBytes: directoryBytes };
    },
  };
}

function follow(folder: string, sizes: TableSizes): WriterRun {
  const workers = new Workers();
  const progress = parallelDumpProgress(sizes);
  const usage = watchFolder(folder, progress.isComplete);
  return {
    run: {
      onSpawn: workers.follow,
      onStderrLine: (line) => {
        if (line.includes('contents of table')) workers.look();
        progress.line(line);
      },
    },
    describe(elapsedMs) {
      workers.look();
      return progress.describe({ elapsedMs, files: usage.files, isSilent: log.withholdsContent });
    },
    progress: () => usage.bytes,
    async [Symbol.asyncDispose]() {
      await Promise.all([workers.end(), usage[Symbol.asyncDispose]()]);
    },
  };
}
