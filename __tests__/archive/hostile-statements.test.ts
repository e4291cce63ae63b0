import { describe, expect, it } from '@jest/globals';
import { dumpProgress, restoreProgress } from '../../src/archive/copy-progress.ts';
import { readStatement } from '../../src/archive/content/script-statement.ts';
import { identifiers } from '../../src/archive/names.ts';
import { encodingOf } from '../../src/archive/toc/archive-facts.ts';
import { unexpectedStatement } from '../../src/archive/toc/entry-statements.ts';
import { identityOf, largeObjectsOf } from '../../src/archive/toc/identity.ts';
import { privilegeStatements } from '../../src/archive/toc/privileges.ts';
import { isPlainStatement, sqlStatements, sqlWords } from '../../src/archive/toc/sql-words.ts';
import {
  referencedTable,
  relationOfStatement,
  rolesOfPolicy,
  userMapping,
} from '../../src/archive/toc/statement-names.ts';
import type { TocEntry } from '../../src/archive/toc/table-of-contents.ts';
import { TocIndex } from '../../src/archive/toc/toc-index.ts';
import { isSecurityInvoker } from '../../src/restore/plan/owner-rights.ts';
import { tocEntry } from './toc/toc-entry.ts';

const KIB = 1024;
/** Each is four times the one before: what grows with the square is found before it takes very long. */
const LENGTHS = [128 * KIB, 512 * KIB, 2048 * KIB];

/** What makes careless expressions go back over and over, each to be repeated. */
const PIECES = [
  ' (',
  ' (a);\n',
  'USING a;\n',
  'USING ',
  ';\n',
  '"',
  '""',
  '"a""',
  "'",
  "E'\\",
  '$a$',
  '$a',
  '$',
  '(',
  ')',
  '/*',
  '--',
  '-- \n',
  'a.',
  'a, ',
  '"a", ',
  ' ON ',
  ' TO ',
  ' FROM PUBLIC;',
  'SECURITY ',
  'BEGIN ATOMIC ',
  'CASE ',
  '\n',
  ' ',
  '1',
  '1\n',
  'a',
  'é',
  '\\',
  'processing data for table "',
  'dumping contents of table "',
  'creating A',
];

const BEGINNINGS = [
  '',
  'CREATE VIEW ',
  'CREATE VIEW v WITH (',
  'CREATE INDEX i ON ',
  'DROP OPERATOR public.+ ',
  'GRANT ',
  'GRANT SELECT ON t TO ',
  'COPY ',
  'COPY t (',
  "SELECT pg_catalog.setval('",
  "SELECT pg_catalog.lowrite(0, '\\x",
  "SELECT pg_catalog.set_config('search_path', '",
  'SET search_path = ',
  "SET client_encoding = '",
];

const OVER_TEXT: Readonly<Record<string, (text: string) => unknown>> = {
  sqlWords: (text) => [...sqlWords(text)].length,
  sqlStatements,
  isPlainStatement,
  privilegeStatements,
  relationOfStatement,
  referencedTable,
  rolesOfPolicy,
  userMapping,
  isSecurityInvoker,
  identifiers,
  readStatement: (text) => readOrRefuse(text, true),
  'readStatement with backslashes doubled': (text) => readOrRefuse(text, false),
  'unexpectedStatement of a definition': (definition) =>
    unexpectedStatement(tocEntry({ kind: 'FUNCTION', definition, dropStatement: '' })),
  'unexpectedStatement of a drop statement': (dropStatement) =>
    unexpectedStatement(tocEntry({ kind: 'OPERATOR', definition: '', dropStatement })),
  'unexpectedStatement of large objects': (definition) =>
    unexpectedStatement(tocEntry({ kind: 'BLOB METADATA', definition, dropStatement: '' })),
  'identityOf an operator': (dropStatement) => identityOf(tocEntry({ kind: 'OPERATOR', dropStatement })),
  'identityOf an operator class': (dropStatement) =>
    identityOf(tocEntry({ kind: 'OPERATOR CLASS', dropStatement })),
  'identityOf a routine': (tag) => identityOf(tocEntry({ kind: 'FUNCTION', tag })),
  largeObjectsOf: (definition) => largeObjectsOf(tocEntry({ kind: 'BLOB METADATA', definition })),
  encodingOf: (definition) => encodingOf({ entries: [tocEntry({ kind: 'ENCODING', definition })] }),
  dumpProgress: (text) => {
    dumpProgress(new Map()).line(text, 0);
  },
  restoreProgress: (text) => {
    restoreProgress(new Map()).line(text, 0);
  },
};

/** Every third is tested every time. */
const READERS = Object.keys(OVER_TEXT).map((name, place) => [name, place % 3 === 0 ? '' : ' (thorough)']);

function readOrRefuse(text: string, standardStrings: boolean): unknown {
  try {
    return readStatement(Buffer.from(text), standardStrings);
  } catch (error) {
    return error;
  }
}

/** A text of some length, which ends as no statement does. */
function hostile(beginning: string, piece: string, length: number): string {
  return Buffer.from(`${beginning}${piece.repeat(Math.ceil(length / piece.length))}!`).toString();
}

/** The processor time of the work, because a busy machine takes longer by the clock. */
function milliseconds(work: () => unknown): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

describe('a hostile statement of an archive', () => {
  it.each(READERS)('is read in time that grows no faster than its length, by %s%s', (name) => {
    const read = OVER_TEXT[name];
    if (!read) throw new Error('no such reader');
    const timed = (text: string): number => milliseconds(() => read(text));
    const slowest = BEGINNINGS.flatMap((beginning) =>
      PIECES.map((piece) => ({ beginning, piece, time: timed(hostile(beginning, piece, 8 * KIB)) })),
    )
      .sort((left, right) => right.time - left.time)
      .slice(0, 2);
    for (const { beginning, piece } of slowest) {
      for (const [index, length] of LENGTHS.entries()) {
        const shorter = hostile(beginning, piece, LENGTHS[index - 1] ?? 32 * KIB);
        const longer = hostile(beginning, piece, length);
        // Four times as long, or sixteen times where it grows with the square. A collection of garbage can fall into one attempt.
        const grows = [1, 2, 3].every(() => timed(longer) > 100 + 9 * timed(shorter));
        expect({ beginning, piece, length, grows }).toMatchObject({ grows: false });
      }
    }
  });
});

describe('a long chain of entries that depend on each other', () => {
  const chain = (kind: string, length: number): TocEntry[] =>
    Array.from({ length }, (_, at) => tocEntry({ dumpId: at + 1, kind, dependencies: [at + 2] }));

  it('is searched only once', () => {
    const time = (length: number): number => {
      const entries = chain('COMMENT', length);
      return milliseconds(() => {
        const index = new TocIndex(entries);
        for (const entry of entries) {
          index.rootOf(entry);
          index.relationOf(entry);
        }
      });
    };
    expect(time(40_000)).toBeLessThan(100 + 9 * time(10_000));
  });

  it('has a root for each entry in any order, also in a circle', () => {
    const entries = [...chain('COMMENT', 3), tocEntry({ dumpId: 4, kind: 'TABLE', tag: 't' })];
    const [first, second, third, table] = entries;
    const circle = [...chain('COMMENT', 2), tocEntry({ dumpId: 3, kind: 'COMMENT', dependencies: [1] })];
    for (const order of [
      [first, second, third],
      [third, second, first],
    ]) {
      const index = new TocIndex(entries);
      for (const entry of order) {
        expect(entry && index.rootOf(entry)).toBe(table);
        expect(entry && index.relationOf(entry)).toBe(table);
      }
    }
    const index = new TocIndex(circle);
    for (const entry of circle) {
      expect(circle).toContain(index.rootOf(entry));
      expect(index.relationOf(entry)).toBeUndefined();
    }
  });

  it('is followed to any depth for partitions of partitions', () => {
    const length = 20_000;
    const tables = Array.from({ length }, (_, at) =>
      tocEntry({ dumpId: at + 1, kind: 'TABLE', tag: `t${at}`, schema: 's' }),
    );
    const attach = tables.slice(1).map(({ dumpId, tag, schema }) =>
      tocEntry({
        dumpId: dumpId + length,
        kind: 'TABLE ATTACH',
        tag,
        schema,
        dependencies: [dumpId - 1, dumpId],
      }),
    );
    const index = new TocIndex([...tables, ...attach]);
    const [root] = tables;
    expect(root && index.partitionsOf(root)).toHaveLength(length - 1);
  });
});
