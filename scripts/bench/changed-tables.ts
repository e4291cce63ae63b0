import { openRecordFor } from '../../__tests__/support/seeded-record.ts';
import { changesBetween } from '../../src/history/changes.ts';
import { RowLosses, knownRows } from '../../src/history/row-losses.ts';
import type { OpenRecord } from '../../src/storage/record.ts';
import { median, printFigures, timed } from './figures.ts';

const ROUNDS = 9;
const NAME = 'shop-20261127T041518Z-3f9c21aa.bak';

/** How long it takes to compare the records of two backups of 10,000 tables, nearly all of which differ. */
export async function benchChanges(): Promise<void> {
  const [before, after] = [recordOf(0), recordOf(1)];
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    times.push(
      await timed(() => {
        const losses = new RowLosses({ maximumRowLoss: 0.5, isAllowed: () => false });
        for (const record of [after, before]) losses.add(knownRows(record));
        return Promise.resolve([changesBetween(before, after), losses.found]);
      }),
    );
  }
  printFigures(`Comparison of two records of 10,000 tables, median of ${ROUNDS}`, [
    { name: 'comparison', value: median(times) / 1000, unit: 's', atMost: 0.1 },
  ]);
}

function recordOf(step: number): OpenRecord {
  const tables = Array.from(
    { length: 10_000 },
    (_, index) => [`public.t${index}`, index + step * (index % 7)] as const,
  );
  const record = openRecordFor(NAME, Buffer.alloc(1), Object.fromEntries(tables));
  const definitions = Array.from({ length: 40_000 }, (_, index) => ({
    ...{ kind: 'INDEX', name: `public.t${index}` },
    digest: String(index % 5 === 0 ? step : 0).repeat(64),
  }));
  return { ...record, content: { ...record.content, definitions } };
}
