import { describe, expect, it } from '@jest/globals';
import { DataBlocks } from '../../src/archive/data-blocks.ts';
import { tocEntry } from './toc/toc-entry.ts';

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}
const chunk = (length: number): Buffer => Buffer.concat([integer(length), Buffer.alloc(length, 1)]);
const rows = (dumpId: number, ...lengths: number[]): Buffer =>
  Buffer.concat([Buffer.of(1), integer(dumpId), ...lengths.map(chunk), integer(0)]);
const largeObjects = (dumpId: number, ...oids: number[]): Buffer =>
  Buffer.concat([
    Buffer.of(3),
    integer(dumpId),
    ...oids.flatMap((oid) => [integer(oid), chunk(7), chunk(9), integer(0)]),
    integer(0),
  ]);

/** Where in the archive its data begin. */
const START = 1_000;
const ENTRIES = [
  tocEntry({ dumpId: 1 }),
  tocEntry({ dumpId: 7, hasData: true }),
  tocEntry({ dumpId: 8, hasData: true, position: START + 126 }),
  tocEntry({ dumpId: 9, hasData: true }),
];
const WHOLE = Buffer.concat([rows(7, 100, 5), rows(8), largeObjects(9, 16_400, -5)]);

function follow(bytes: Buffer, pieceBytes = bytes.length, start = START): void {
  const blocks = new DataBlocks(ENTRIES, start);
  for (let at = 0; at < bytes.length; at += pieceBytes) blocks.add(bytes.subarray(at, at + pieceBytes));
  blocks.end();
}

describe('the blocks of data of an archive', () => {
  it.each([1, 2, 3, 7, 64, 10_000])('may come in pieces of %d bytes', (pieceBytes) => {
    expect(() => {
      follow(WHOLE, pieceBytes);
    }).not.toThrow();
  });

  it('are not whole when they end anywhere else', () => {
    for (let length = 0; length < WHOLE.length; length += 1) {
      expect(() => {
        follow(WHOLE.subarray(0, length));
      }).toThrow(/it ends within its data|the data of entry \d are missing/);
    }
  });

  it.each<[string, Buffer]>([
    ['goes on after the last one', Buffer.concat([WHOLE, Buffer.alloc(6, 1)])],
    ['has one twice', Buffer.concat([WHOLE, rows(8)])],
    ['has one of an entry without data', Buffer.concat([rows(1), WHOLE])],
    ['has one of another type', Buffer.concat([Buffer.of(2), WHOLE.subarray(1)])],
  ])('are refused where the archive %s', (_, bytes) => {
    expect(() => {
      follow(bytes);
    }).toThrow('data that its table of contents does not name');
  });

  it.each([1, 7, 10_000])(
    'are refused where they are not at their positions, in pieces of %d bytes',
    (pieceBytes) => {
      for (const start of [START - 1, START + 1]) {
        expect(() => {
          follow(WHOLE, pieceBytes, start);
        }).toThrow('the data of entry 8 are not where its table of contents says');
      }
    },
  );

  it('are refused with a chunk of less than no bytes', () => {
    expect(() => {
      follow(Buffer.concat([Buffer.of(1), integer(7), integer(-3)]));
    }).toThrow('a chunk of data of an impossible length');
  });
});
