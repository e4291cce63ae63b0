import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { inflateSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { DataBlocks } from '../../../src/archive/data-blocks.ts';
import { stitchArchive } from '../../../src/archive/stitching/stitched-archive.ts';
import { CUSTOM_FORMAT, type Head, headBytes, readHead } from '../../../src/archive/toc/head.ts';
import { TocStart } from '../../../src/archive/toc/toc-bytes.ts';
import { tocEntry } from '../toc/toc-entry.ts';
import { lz4Frame } from './lz4-frame.ts';
import {
  COMPRESSIONS,
  type CompressionName,
  OBJECTS,
  ROWS,
  smallDirectories,
  whole,
} from './small-directory.ts';

const made = smallDirectories();

function headOf(archive: Buffer): Head {
  const start = new TocStart();
  start.add(archive);
  start.end();
  const read = readHead(start, CUSTOM_FORMAT, (entry) => entry).next();
  if (read.done !== true) throw new Error('not whole');
  return read.value;
}

/** The number that begins at a position of the archive, without its sign. */
const numberAt = (archive: Buffer, at: number): number => archive.readUInt32LE(at + 1);

/** The stream whose first chunk begins at a position, and where it ends. */
function streamAt(archive: Buffer, from: number): { readonly stream: Buffer; readonly end: number } {
  const chunks: Buffer[] = [];
  let at = from;
  for (let length = numberAt(archive, at); length > 0; length = numberAt(archive, at)) {
    chunks.push(archive.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return { stream: Buffer.concat(chunks), end: at + 5 };
}

const DECOMPRESS: Readonly<Record<CompressionName, (bytes: Buffer) => Buffer>> = {
  none: (bytes) => bytes,
  gzip: (bytes) => inflateSync(bytes),
  lz4: (bytes) => {
    const found = [...ROWS.values(), ...OBJECTS.values()].find((one) => lz4Frame(one).equals(bytes));
    return found ?? Buffer.from('none of them');
  },
  zstd: (bytes) => zstdDecompressSync(bytes),
};

/** `pg_dump` writes them as signed integers. */
const OID_BYTES: ReadonlyMap<number, Buffer> = new Map([
  [16_400, Buffer.of(0, 0x10, 0x40, 0, 0)],
  [4_294_967_295, Buffer.of(1, 1, 0, 0, 0)],
]);

const VERSIONS: [number, CompressionName][] = [
  [12, 'gzip'],
  [14, 'gzip'],
  [14, 'none'],
  ...[15, 16].flatMap((minor) =>
    Object.keys(COMPRESSIONS).map((name): [number, CompressionName] => [minor, nameOf(name)]),
  ),
];

function nameOf(name: string): CompressionName {
  const found = (['none', 'gzip', 'lz4', 'zstd'] as const).find((one) => one === name);
  if (found === undefined) throw new Error(name);
  return found;
}

describe('the archive of a directory', () => {
  it.each(VERSIONS)(
    'of version 1.%d, compressed with %s, has its data at their positions',
    async (minor, compression) => {
      const plan = await stitchArchive(await made(minor, compression));
      const archive = await whole(plan);
      expect(archive.length).toBe(plan.bytes);
      const head = headOf(archive);
      for (const { dumpId, hasData, place } of head.entries) {
        if (place.kind !== 'position') throw new Error('no position');
        expect(place.state).toBe(hasData ? 2 : 3);
        const at = Number(place.position.readBigUInt64LE());
        if (!hasData) continue;
        expect(numberAt(archive, at + 1)).toBe(dumpId);
        const expected = ROWS.get(dumpId);
        expect(archive[at]).toBe(expected ? 1 : 3);
        if (expected) {
          expect(DECOMPRESS[compression](streamAt(archive, at + 6).stream).equals(expected)).toBe(true);
          continue;
        }
        let next = at + 6;
        for (const [oid, content] of OBJECTS) {
          expect(archive.subarray(next, next + 5)).toEqual(OID_BYTES.get(oid));
          const { stream, end } = streamAt(archive, next + 5);
          expect(DECOMPRESS[compression](stream).equals(content)).toBe(true);
          next = end;
        }
        expect(numberAt(archive, next)).toBe(0);
      }
      const start = headBytes(head).length;
      const blocks = new DataBlocks(
        head.entries.map(({ dumpId, hasData }) => tocEntry({ dumpId, hasData })),
        start,
      );
      blocks.add(archive.subarray(start));
      blocks.end();
    },
  );

  it('is deleted file by file while it is read', async () => {
    const directory = await made();
    const plan = await stitchArchive(directory);
    const before = await Promise.all(
      (await readdir(directory)).map((name) => readFile(join(directory, name))),
    );
    expect(plan.directoryBytes).toBe(before.reduce((sum, { length }) => sum + length, 0));
    const left: number[] = [];
    for await (const piece of plan.read(new AbortController().signal)) {
      if (piece.length > 0) left.push((await readdir(directory)).length);
    }
    expect(left).toEqual(left.toSorted((one, other) => other - one));
    expect(new Set(left).size).toBe(before.length);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is not read further once the job is cancelled', async () => {
    const controller = new AbortController();
    const { read } = await stitchArchive(await made());
    const pieces = read(controller.signal);
    await pieces.next();
    controller.abort(new Error('cancelled'));
    await expect(buffer(pieces)).rejects.toThrow('cancelled');
  });
});
