import { restoreOptions } from './plan-bed.ts';
import { describe, expect, it } from '@jest/globals';
import { leaveOutWhatFails } from '../../../src/restore/plan/plan-omissions.ts';
import { targetDatabase } from '../../../src/restore/plan/target-database.ts';
import type { TargetFacts } from '../../../src/restore/plan/target.ts';
import type { TocEntry } from '../../../src/archive/toc/table-of-contents.ts';
import { tocEntry } from '../../archive/toc/toc-entry.ts';
import { TocIndex } from '../../../src/archive/toc/toc-index.ts';

// What the servers of the tests cannot have: labels need a provider, dumps of statistics PostgreSQL 18.

function entry(changes: Partial<TocEntry>): TocEntry {
  return tocEntry({ kind: 'TABLE', schema: 'public', owner: 'shop', ...changes });
}

const TABLE = entry({ tag: 'people' });

/** Why an entry about the table is left out of a restore of both; undefined when it is not. */
function whyNot(about: Partial<TocEntry>, target: Partial<TargetFacts>): string | undefined {
  const part = entry({ dumpId: 2, dependencies: [1], ...about });
  const { leftOut, kept } = leaveOutWhatFails(new TocIndex([TABLE, part]), new Set([TABLE, part]), {
    contents: {
      formatVersion: '1.16',
      database: 'shop',
      serverVersion: '17.0',
      dumpVersion: '17.0',
      dumpMajor: 17,
      entries: [TABLE, part],
    },
    target: {
      major: 17,
      database: 'shop',
      properties: targetDatabase(() => []),
      user: 'shop',
      isSuperuser: false,
      canCreateInDatabase: true,
      roles: new Map(),
      superusers: new Set(),
      creators: new Set(),
      wrappers: new Map(),
      defaultPrivileges: [],
      schemas: new Map(),
      tablespaces: new Set(),
      extensions: new Map(),
      missingProviders: new Set(),
      relations: [],
      others: [],
      identities: new Set(),
      addresses: new Map(),
      attached: [],
      largeObjects: new Set(),
      ...target,
    },
    options: restoreOptions(),
  });
  expect(kept).toContain(TABLE);
  return kept.includes(part) ? undefined : leftOut.map(({ why }) => why).join() || 'silently';
}

describe('a security label', () => {
  const label = { kind: 'SECURITY LABEL', tag: 'TABLE people' };

  it('is restored only by a superuser', () => {
    expect(whyNot(label, { isSuperuser: true })).toBeUndefined();
    expect(whyNot(label, { isSuperuser: false })).toBe(
      'its provider decides whether shop may set it: set it as a superuser',
    );
  });

  it('is left out without its provider, with what to do', () => {
    const definition =
      "SECURITY LABEL FOR anon ON TABLE public.people IS 'x';\nSECURITY LABEL FOR \"Other\" ON COLUMN public.people.name IS 'x';\n";
    for (const isSuperuser of [true, false]) {
      expect(
        whyNot({ ...label, definition }, { isSuperuser, missingProviders: new Set(['Other', 'more']) }),
      ).toMatch(/has not loaded the provider Other: load it/);
    }
  });

  it('of the database is not restored, like everything about the database itself', () => {
    const ofDatabase = { ...label, tag: 'DATABASE shop', dependencies: [] };
    expect(whyNot(ofDatabase, { isSuperuser: true })).toBe('silently');
  });
});

it('statistics are restored only into PostgreSQL 18 and newer', () => {
  const statistics = { kind: 'STATISTICS DATA', tag: 'people' };
  expect(whyNot(statistics, { major: 18 })).toBeUndefined();
  expect(whyNot(statistics, { major: 17 })).toContain('run ANALYZE');
});
