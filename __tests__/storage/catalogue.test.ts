import { describe, expect, it } from '@jest/globals';
import { formatAge } from '../../src/runner/format.ts';
import { type CatalogueEntry, catalogue, catalogueEntry } from '../../src/storage/catalogue.ts';
import { seriesChart } from '../../src/storage/series-chart.ts';
import type { StoredBackup } from '../../src/storage/store.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const hoursAgo = (hours: number): Date => new Date(NOW.getTime() - hours * 3_600_000);
const entry = (id: number, changes: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  name: `shop-${id}.bak`,
  takenAt: hoursAgo(100 - id),
  createdAt: hoursAgo(100 - id),
  size: id * 1_000_000,
  expiresAt: hoursAgo(-24),
  page: `https://github.com/example/shop/actions/runs/1/artifacts/${id}`,
  ...changes,
});
const entries = (count: number): CatalogueEntry[] =>
  Array.from({ length: count }, (_, index) => entry(count - index));
const shown = (list: readonly CatalogueEntry[]): string =>
  catalogue({ backupName: 'shop', entries: list, now: NOW });
const tableRows = (markdown: string): string[] =>
  markdown.split('\n').filter((line) => line.startsWith('| <'));

describe('the catalogue', () => {
  it('shows the newest first, with all that is known about each', () => {
    const [first, second] = tableRows(shown([entry(99), entry(1)]));
    expect(first).toBe(
      '| <a href="https://github.com/example/shop/actions/runs/1/artifacts/99">shop&#45;99&#46;bak</a> | ' +
        '2026-11-21 11:00 UTC | 1 h 0 min | 99 MB | 2026-11-22 12:00 UTC |',
    );
    expect(second).toContain('| 4 days | 1.0 MB |');
  });

  it('shows rows if they are known, and otherwise no such column', () => {
    expect(shown(entries(2))).not.toContain('Rows');
    const markdown = shown([entry(2, { rows: 40_000 }), entry(1)]);
    expect(markdown).toContain('| Size | Rows | Kept until |');
    expect(tableRows(markdown)[0]).toContain('| 2.0 MB | 40,000 |');
    expect(tableRows(markdown)[1]).toContain('| 1.0 MB |  |');
  });

  it('shows twenty backups, and the number of the others', () => {
    expect(shown(entries(20))).not.toContain('more');
    const markdown = shown(entries(90));
    expect(tableRows(markdown)).toHaveLength(20);
    expect(markdown).toContain('90 backups, 4.1 GB in all');
    expect(markdown).toContain('… and 70 more.');
  });

  it('says that there is no backup', () => {
    expect(shown([])).toContain('There is no unexpired backup');
  });

  it('shows untrusted names as plain text', () => {
    const hostile = '"><img src=x>|\n```mermaid\n%%{init: {}}%%`[a](javascript:b)';
    const markdown = catalogue({
      backupName: hostile,
      entries: [entry(1, { name: hostile }), entry(2, { name: hostile, page: undefined })],
      now: NOW,
    });
    expect(markdown).not.toMatch(/<img|\[a\]|javascript:|%%/);
    expect(markdown.match(/```mermaid/g)).toHaveLength(1);
    expect(tableRows(markdown)).toHaveLength(2);
  });

  it('is of stored backups, and of a folder has no time until which they are kept', () => {
    const stored: StoredBackup = {
      ...{ name: 'n', size: 1, sha256: undefined, createdAt: NOW, expiresAt: undefined },
      backup: { backupName: 'shop', takenAt: hoursAgo(1), random: '01234567', encrypted: false },
      location: { kind: 'file', path: '/backups/n' },
    };
    const markdown = shown([catalogueEntry(stored)]);
    expect(markdown).toContain('| Backup | Taken | Age | Size |\n');
    expect(tableRows(markdown)).toEqual(['| <code>n</code> | 2026-11-21 11:00 UTC | 1 h 0 min | 1 byte |']);
  });
});

describe('the chart of sizes', () => {
  it('shows the oldest to the newest, from zero, in a unit that fits the largest', () => {
    expect(shown([entry(3), entry(2, { size: 1_234_567 }), entry(1)])).toContain(
      [
        '```mermaid',
        'xychart-beta',
        '  x-axis "Oldest to newest, 2026-11-17 to 2026-11-17" [1, 2, 3]',
        '  y-axis "Size in MB" 0 --> 3.3',
        '  bar [1, 1.235, 3]',
        '  line [1, 1.235, 3]',
        '```',
      ].join('\n'),
    );
  });

  const drawn = (number: number) =>
    entries(number)
      .toReversed()
      .map(({ createdAt, size }) => ({ createdAt, value: size }));

  it('needs at least two backups, and shows at most thirty', () => {
    expect(seriesChart('Size', drawn(1))).toBeUndefined();
    const [, bars = ''] = /bar \[(.*)\]/.exec(seriesChart('Size', drawn(31)) ?? '') ?? [];
    expect(bars.split(', ')).toHaveLength(30);
    expect(bars.endsWith(', 31')).toBe(true);
  });

  it.each([[[0, 0]], [[1, 999]], [[1e18, 7]], [[1, 1e15]]])(
    'contains only plain numbers and fixed text, for the sizes %j',
    (sizes) => {
      const chart =
        seriesChart(
          'Size',
          sizes.map((value) => ({ createdAt: NOW, value })),
        ) ?? '';
      const lines = chart.split('\n').slice(2, -1);
      expect(lines).toHaveLength(4);
      expect(lines[0]).toMatch(/^ {2}x-axis "Oldest to newest, [\d-]+ to [\d-]+" \[1, 2\]$/);
      expect(lines[1]).toMatch(/^ {2}y-axis "Size in (?:bytes|[kMGT]B)" 0 --> (?!0$)\d+(?:\.\d+)?$/);
      for (const line of lines.slice(2)) expect(line).toMatch(/^ {2}\w+ \[[\d.]+, [\d.]+\]$/);
    },
  );
});

it.each([
  [-5, '0.0 s'],
  [90_000, '1 min 30 s'],
  [47 * 3_600_000, '47 h 0 min'],
  [49 * 3_600_000, '2 days'],
])('an age of %d ms is shown as %s', (milliseconds, words) => {
  expect(formatAge(milliseconds)).toBe(words);
});
