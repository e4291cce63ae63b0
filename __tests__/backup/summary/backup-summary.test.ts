import { describe, expect, it } from '@jest/globals';
import type { StoredBackup } from '../../../src/storage/store.ts';
import { ALWAYS } from '../../../src/backup/not-included/not-included.ts';
import { type BackupSummary, backupSummary } from '../../../src/backup/summary/backup-summary.ts';

const TAKEN = new Date('2026-11-21T03:45:09Z');
const table = (index: number) => ({
  name: `public.t${index}`,
  schema: 'public',
  table: `t${index}`,
  columns: 'id',
  rows: index * 1_000,
  bytes: index * 1_000_000,
  sha256: `${index % 10}`.repeat(64),
  text: 'ascii' as const,
});

const ARTIFACT: StoredBackup = {
  name: 'shop-20261121T034509Z-cccccccc.bak',
  size: 100_000_000,
  sha256: 'a'.repeat(64),
  backup: { backupName: 'shop', takenAt: TAKEN, random: 'cccccccc', encrypted: false },
  createdAt: TAKEN,
  expiresAt: new Date('2027-02-19T03:45:00Z'),
  location: {
    kind: 'artifact',
    id: 7,
    page: 'https://github.com/example/shop/actions/runs/1/artifacts/7',
  },
};
const FILE: StoredBackup = {
  ...ARTIFACT,
  ...{ expiresAt: undefined, location: { kind: 'file', path: '/home/runner/a b.bak' } },
};

/** The summary of a backup of twelve tables that was uploaded, its characters as a person reads them. */
function summaryOf(changes: Partial<BackupSummary> = {}): string {
  const markdown = backupSummary({
    database: 'shop',
    address: 'db.example.com:5432',
    serverVersion: '16.4',
    clientVersion: '17.11',
    encoding: 'UTF8',
    databaseBytes: 500_000_000,
    compression: 'zstd:3',
    parallel: undefined,
    encryption: undefined,
    comparison: undefined,
    notIncluded: [ALWAYS],
    exposure: undefined,
    testRestore: undefined,
    unchanged: false,
    series: [],
    repository: 'example/shop',
    restoring: { throughPsql: false, createsPublic: false, schemasNeeded: [] },
    notReadBack: [],
    retention: '90 days: 91 were requested, the repository allows at most 90',
    copies: [ARTIFACT],
    phases: [
      { name: 'Dump', milliseconds: 8_000 },
      { name: 'Read back', milliseconds: 2_000 },
    ],
    totalMs: 12_000,
    content: {
      tables: Array.from({ length: 12 }, (_, index) => table(index + 1)),
      sequences: [{ name: 'public.s', value: '1', called: true }],
      largeObjects: { count: 0, bytes: 0, sha256: '0'.repeat(64) },
      definitions: [],
      contentDigest: 'c'.repeat(64),
      rows: 78_000,
      bytes: 78_000_000,
    },
    ...changes,
  });
  return markdown.replaceAll(/&#(\d+);/g, (_, number: string) => String.fromCodePoint(Number(number)));
}

describe('the summary of a backup', () => {
  it('shows nothing of the content where that must not show', () => {
    const text = summaryOf({ content: undefined });
    expect(text).not.toMatch(/public\.|rows|12 tables|c{64}/);
    expect(text).toMatch(/100 MB[\s\S]*a{64}/);
  });

  it('says what is not in the backup: what somebody would miss first', () => {
    const why = 'a reason';
    const text = summaryOf({
      notIncluded: [
        ALWAYS,
        { what: 'planned', names: [], why, level: 'info' },
        { what: 'missed', names: ['public.a', 'b|c'], why, level: 'warning', hint: 'Do this.' },
      ],
    });
    expect(text).toMatch(
      /### Not in this backup\n\n- ⚠️ \*\*missed\*\*: <code>public\.a<\/code>, <code>b\|c<\/code> \(a reason\)\. Do this\.\n- \*\*planned\*\* \(a reason\)\n\nAs always: roles/,
    );
  });

  it('says in one line that nothing is left out', () => {
    expect(summaryOf()).toMatch(
      /### Not in this backup\n\nNothing of the database was left out\.\n\nAs always: roles and their memberships, /,
    );
  });

  it('names every place where it is stored', () => {
    expect(summaryOf({ copies: [FILE, ARTIFACT] })).toMatch(/a b\.bak[\s\S]*artifacts\/7"/);
  });

  it.each([
    ['the database, where it is, and its size', /shop.*db\.example\.com:5432.*500 MB.*UTF8/],
    ['both versions', /PostgreSQL 16\.4[\s\S]*pg_dump 17\.11/],
    [
      'the size of the archive, and its ratio to the database',
      /100 MB.*5\.0 times smaller than the database/,
    ],
    ['how many tables, rows and sequences it contains', /12 tables, 78,000 rows, 1 sequence\b/],
    ['how long it took, by phase', /12 s\*\*: dump 8(?:\.0)? s, read back 2(?:\.0)? s/],
    ['the SHA-256 of the file, and the content digest', /a{64}[\s\S]*c{64}/],
    ['until when it is kept, and what was asked for', /2027-02-19.*91 were requested/],
  ])('shows %s', (_, told) => {
    expect(summaryOf()).toMatch(told);
  });

  it('says over how many connections it was dumped, and how much of the disk that took', () => {
    expect(summaryOf({ parallel: { jobs: 4, diskBytes: 123_000_000 } })).toMatch(
      /over 4 connections; up to 123 MB of the runner's disk/,
    );
    expect(summaryOf()).not.toContain('connections');
  });

  it('lists the ten largest tables, the largest first', () => {
    const text = summaryOf();
    expect(text).toContain('The 10 largest tables');
    expect([...text.matchAll(/public\.(t\d+)/g)].map(([, name]) => name)).toEqual(
      Array.from({ length: 10 }, (_, index) => `t${12 - index}`),
    );
    expect(text).toMatch(/public\.t12.*12,000.*12 MB.*2{12}/);
  });

  it('shows no ratio if the archive is not smaller than the database', () => {
    expect(summaryOf({ databaseBytes: 90_000_000 })).not.toContain('smaller');
  });

  it('shows the commands to restore it, from the file if nothing was uploaded', () => {
    const stored = summaryOf();
    expect(stored).toContain('gh api repos/example/shop/actions/artifacts/7/zip');
    const kept = summaryOf({ copies: [FILE] });
    expect(kept).not.toContain('gh api');
    expect(kept).toMatch(/sha256sum .*--check\n[\s\S]*pg_restore .*'\/home\/runner\/a b\.bak'/);
  });

  it('shows how to download it from a bucket that is not at AWS', () => {
    const location = { kind: 'object', url: 's3://b/shop/x.bak', region: 'auto' } as const;
    const stored = { ...ARTIFACT, location: { ...location, endpoint: 'https://s3.example.com' } };
    expect(summaryOf({ copies: [stored] })).toContain(
      'aws s3 cp --region auto --endpoint-url https://s3.example.com s3://b/shop/x.bak shop-',
    );
    const atAws = { ...ARTIFACT, location: { ...location, endpoint: undefined } };
    expect(summaryOf({ copies: [atAws] })).toContain('aws s3 cp --region auto s3://b/shop/x.bak shop-');
  });

  it('names the schemas that tables need, unless they may not show or are no plain names', () => {
    const shown = (schemasNeeded: readonly string[] | undefined): string =>
      summaryOf({ restoring: { throughPsql: false, createsPublic: false, schemasNeeded } });
    expect(shown(['app', 'Odd one'])).toContain(
      `--command='CREATE SCHEMA IF NOT EXISTS "app"; CREATE SCHEMA IF NOT EXISTS "Odd one";'`,
    );
    for (const hidden of [undefined, ['app', 'a\n```\n']]) {
      expect(shown(hidden)).toContain('create these in the database first');
      expect(shown(hidden)).not.toContain('CREATE SCHEMA');
    }
    expect(shown([])).not.toMatch(/CREATE SCHEMA|create these/);
  });
});
