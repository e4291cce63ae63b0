import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { smallPng } from '../../scripts/small-png.ts';

function chunk(name: string, body: Buffer): Buffer {
  const framed = Buffer.alloc(12 + body.length);
  framed.writeUInt32BE(body.length);
  framed.write(name, 4, 'latin1');
  body.copy(framed, 8);
  framed.writeUInt32BE(crc32(framed.subarray(4, 8 + body.length)), 8 + body.length);
  return framed;
}

/** A picture of rows that are filtered already, each with its filter in front. */
function pngOf(width: number, rows: readonly (readonly number[])[], kind = [8, 2, 0, 0, 0]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(rows.length, 4);
  header.set(kind, 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The colours of an indexed picture, row by row, as hex. */
function coloursOf(png: Buffer): string[][] {
  const parts = new Map<string, Buffer>();
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    parts.set(png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const palette = parts.get('PLTE')?.toString('hex').match(/.{6}/g) ?? [];
  const header = parts.get('IHDR') ?? Buffer.alloc(13);
  expect(header.toString('hex', 8)).toBe('0803000000');
  const width = header.readUInt32BE(0);
  const rows = inflateSync(parts.get('IDAT') ?? Buffer.alloc(0));
  return Array.from({ length: header.readUInt32BE(4) }, (_, y) =>
    [...rows.subarray(y * (width + 1) + 1, (y + 1) * (width + 1))].map((index) => palette[index] ?? ''),
  );
}

describe('a picture with a palette', () => {
  it('has the same pixels as its source, whatever filter each row had', () => {
    // Two pixels a row, (16, 32, 48) and (17, 34, 51), as the five filters write them.
    const plain = [16, 32, 48, 17, 34, 51];
    const sub = [16, 32, 48, 1, 2, 3];
    const same = [0, 0, 0, 0, 0, 0];
    const average = [8, 16, 24, 1, 1, 2];
    const rows = [
      [0, ...plain],
      [1, ...sub],
      [2, ...same],
      [3, ...average],
      [4, ...same],
    ];
    const pixels = ['102030', '112233'];
    expect(coloursOf(smallPng(pngOf(2, rows)))).toEqual([pixels, pixels, pixels, pixels, pixels]);
  });

  it('uses the nearest colour where there are more than 256', () => {
    const greys = Array.from({ length: 256 }, (_, grey) => [grey, grey, grey, grey, grey, grey]).flat();
    const [row = []] = coloursOf(smallPng(pngOf(513, [[0, ...greys, 10, 10, 11]])));
    expect(row.at(-1)).toBe('0a0a0a');
  });

  it('is refused for pictures that it cannot read', () => {
    expect(() => smallPng(pngOf(1, [[0, 1, 2, 3, 4]], [8, 6, 0, 0, 0]))).toThrow('not a plain RGB one');
  });
});
