import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodingOf, largeObjectIdsOf } from '../../../src/archive/toc/archive-facts.ts';
import { tocOf } from './toc-of.ts';
import { type RestoreBed, startRestoreBed } from '../../restore/apply/restore-bed.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { tocEntry } from './toc-entry.ts';

captureOutput();

let bed: RestoreBed;
beforeAll(async () => {
  bed = await startRestoreBed('17', ['fsync = off']);
});
afterAll(() => bed.stop());

describe('the facts for the verification of a restore', () => {
  it('are read from the table of contents', async () => {
    await bed.server.query(
      `CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    await bed.server.sql(`SELECT lo_from_bytea(4711 + i, 'x') FROM generate_series(1, 3) i`, 'latin');
    const { file } = await bed.dump('latin');
    const contents = await tocOf(file);
    expect(encodingOf(contents)).toBe('LATIN1');
    expect([...largeObjectIdsOf(contents)]).toEqual(['4712', '4713', '4714']);
  });

  it('are found in archives of older versions, which have an entry for each large object', () => {
    const entry = { kind: 'BLOB', tag: '4711', definition: `SELECT pg_catalog.lo_create('4711');\n` };
    const entries = [{ ...BARE, ...entry }];
    expect([...largeObjectIdsOf({ entries })]).toEqual(['4711']);
    expect(encodingOf({ entries })).toBeUndefined();
  });
});

const BARE = tocEntry({ section: 'data' });
