import { millisecondsOf, startBackupBed } from './backup-bed.ts';
import { printFigures } from './figures.ts';

/** The most memory that node takes for a database of 650 MB, and for one ten times larger. */
export async function benchMemory(): Promise<void> {
  const peaks: number[] = [];
  for (const megabytes of [650, 6500]) {
    await using bed = await startBackupBed(megabytes);
    const run = await bed.backup('memory');
    console.log(
      `${megabytes} MB:`,
      millisecondsOf(run),
      `archive of ${run.outputs['backup-size'] ?? '?'} bytes`,
    );
    peaks.push((run.peakRssBytes ?? Number.NaN) / 1e6);
  }
  const [small = Number.NaN, large = Number.NaN] = peaks;
  printFigures('Peak memory of node', [
    { name: 'database of 650 MB', value: small, unit: 'MB', atMost: 200 },
    { name: 'database of 6500 MB', value: large, unit: 'MB', atMost: 200 },
    { name: 'ten times larger / once', value: large / small, unit: 'x', atMost: 1.2 },
  ]);
}
