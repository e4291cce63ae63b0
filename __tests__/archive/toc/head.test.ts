import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  CUSTOM_FORMAT,
  DIRECTORY_FORMAT,
  type Head,
  headBytes,
  inCustomFormat,
  readHead,
} from '../../../src/archive/toc/head.ts';
import { TocStart } from '../../../src/archive/toc/toc-bytes.ts';
import { type SmallEntry, type SmallHeader, smallArchive } from './small-archive.ts';

type Format = NonNullable<SmallHeader['format']>;

function headOf(bytes: Buffer, format: Format = 'custom'): Head {
  const start = new TocStart();
  start.add(bytes);
  start.end();
  const wanted = format === 'custom' ? CUSTOM_FORMAT : DIRECTORY_FORMAT;
  const read = readHead(start, wanted, (entry) => entry).next();
  if (read.done !== true) throw new Error('not whole');
  return read.value;
}

const anyText = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ' '));
const anyEntry = (id: number): fc.Arbitrary<SmallEntry> =>
  fc.record({
    id: fc.constant(id),
    kind: anyText,
    tag: anyText,
    schema: fc.option(anyText, { nil: undefined }),
    owner: anyText,
    tablespace: anyText,
    accessMethod: anyText,
    definition: fc.uint8Array().map((bytes) => Buffer.from(bytes.map((byte) => byte || 1))),
    drop: anyText,
    copy: anyText,
    section: fc.integer({ min: -5, max: 5 }),
    dependencies: fc.array(fc.nat().map((id) => String(id % 10_000_000))),
    hasData: fc.boolean(),
    file: fc.option(anyText, { nil: undefined }),
  });
const anyEntries = fc
  .uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { maxLength: 5 })
  .chain((ids) => fc.tuple(...ids.map(anyEntry)));

describe('the head of an archive', () => {
  it('is written as it was read, in every version and both formats', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 12, max: 16 }),
        fc.constantFrom<Format>('custom', 'directory'),
        fc.integer({ min: 0, max: 9 }),
        anyEntries,
        (minor, format, compression, entries) => {
          const bytes = smallArchive(minor, entries, { format, compression });
          expect(headBytes(headOf(bytes, format)).equals(bytes)).toBe(true);
        },
      ),
    );
  });

  it('of a directory becomes that of an archive in custom format, which differs only in places', () => {
    fc.assert(
      fc.property(fc.integer({ min: 12, max: 16 }), anyEntries, (minor, entries) => {
        const head = headOf(smallArchive(minor, entries, { format: 'directory' }), 'directory');
        const custom = inCustomFormat(head, () => ({
          kind: 'position',
          state: 3,
          position: Buffer.alloc(8),
        }));
        expect(headBytes(custom).equals(smallArchive(minor, entries))).toBe(true);
      }),
    );
  });

  it('is refused in the other format', () => {
    expect(() => headOf(smallArchive(16), 'directory')).toThrow('it is not in the directory format');
    expect(() => headOf(smallArchive(16, [], { format: 'directory' }))).toThrow(
      'it is not in the custom format',
    );
  });
});
