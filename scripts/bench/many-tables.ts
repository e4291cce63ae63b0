import { millisecondsOf, startBackupBed } from './backup-bed.ts';
import { median, printFigures } from './figures.ts';

const ROUNDS = 3;
/** Each with a key, a check and an index. */
const TEN_THOUSAND_TABLES = `DO $$ BEGIN
  FOR i IN 1 .. 10000 LOOP
    EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, name text CHECK (name <> %L))', i, '');
    EXECUTE format('CREATE INDEX ON t%s (name)', i);
    EXECUTE format('INSERT INTO t%s VALUES (1, %L)', i, 'a row');
  END LOOP;
END $$`;

/** What the comparison of definitions costs beside the restore of 10,000 tables. */
export async function benchTables(): Promise<void> {
  await using bed = await startBackupBed(TEN_THOUSAND_TABLES);
  const from = { storage: 'artifact' };
  millisecondsOf(await bed.backup('tables', from));
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const run = await bed.restore('tables', from);
    const { Restore: restore = Number.NaN, ...others } = millisecondsOf(run);
    const [, minutes = '0', seconds = ''] = /Compared in (?:(\d+) min )?([\d.]+) s/.exec(run.log) ?? [];
    const compared = (Number(minutes) * 60 + Number(seconds || Number.NaN)) * 1000;
    console.log(`Round ${round} of ${ROUNDS}:`, { Restore: restore, Compared: compared, ...others });
    ratios.push(compared / restore);
  }
  printFigures(`Restore of 10,000 tables, median of ${ROUNDS} rounds`, [
    { name: 'comparison of definitions / restore', value: median(ratios), unit: 'x', atMost: 0.2 },
  ]);
}
