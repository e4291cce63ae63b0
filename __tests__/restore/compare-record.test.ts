import { describe, expect, it } from '@jest/globals';
import { differencesFrom } from '../../src/restore/compare-record.ts';
import type { RecordedContent } from '../../src/storage/record.ts';
import { openRecordFor, recordFor } from '../support/seeded-record.ts';

const NAME = 'shop-20261121T034509Z-3f9c21aa.bak';
const record = openRecordFor(NAME, Buffer.from('PGDMP'));
const { content, file } = record;
const [customers, orders] = content.tables;
const [definition] = content.definitions;
if (!customers || !orders || !definition) throw new Error('The record has no content.');

const differences = (changes: Partial<RecordedContent>): string[] =>
  differencesFrom(record, file, { ...content, digest: 'e'.repeat(64), ...changes });

describe('a backup that was read whole', () => {
  it('is what its record says when everything is the same', () => {
    expect(differencesFrom(record, file, content)).toEqual([]);
  });

  it('differs when its file does, whatever the record tells of the content', () => {
    const silent = recordFor(NAME, Buffer.from('PGDMP'));
    for (const each of [record, silent]) {
      expect(differencesFrom(each, { ...file, size: 4 }, content)).toEqual([
        'the file has 4 bytes instead of 5',
      ]);
      expect(differencesFrom(each, { ...file, sha256: '0'.repeat(64) }, content)).toEqual([
        'the SHA-256 of the file is another',
      ]);
    }
    expect(differencesFrom(silent, file, { ...content, tables: [] })).toEqual([]);
  });

  it.each([
    [{ tables: [customers] }, 'public.orders is missing'],
    [{ tables: [customers, { ...orders, rows: 1 }] }, 'public.orders has 1 row instead of 2 rows'],
    [{ tables: [customers, { ...orders, sha256: 'f'.repeat(64) }] }, 'public.orders differs'],
    [{ tables: [customers, orders, { ...orders, name: 'x' }] }, 'x is not in the record'],
    [{ sequences: [] }, 'the sequence public.orders_id_seq is missing'],
    [{ largeObjects: { ...content.largeObjects, count: 1 } }, 'the content of large objects differs'],
    [
      { definitions: [{ ...definition, digest: 'f'.repeat(64) }] },
      'the definition of TABLE public.orders differs',
    ],
    [
      { definitions: [...content.definitions, { ...definition, kind: 'ACL' }] },
      'the definition of ACL public.orders is not in the record',
    ],
    [{}, 'the content digest is another'],
  ])('differs when its content does: %j', (changes, text) => {
    expect(differences(changes)).toEqual([text]);
  });
});
