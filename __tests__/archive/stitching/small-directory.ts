import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach } from '@jest/globals';
import type { StitchedArchive } from '../../../src/archive/stitching/stitched-archive.ts';
import { type SmallEntry, smallArchive } from '../toc/small-archive.ts';
import { lz4Frame } from './lz4-frame.ts';

/** A compression of `pg_dump`: how the files of a directory are named and made, and what its header says. */
export const COMPRESSIONS = {
  none: { suffix: '', code: 0, compress: (bytes: Buffer) => bytes },
  gzip: { suffix: '.gz', code: 1, compress: (bytes: Buffer) => gzipSync(bytes) },
  lz4: { suffix: '.lz4', code: 2, compress: lz4Frame },
  zstd: { suffix: '.zst', code: 3, compress: (bytes: Buffer) => zstdCompressSync(bytes) },
} as const;
export type CompressionName = keyof typeof COMPRESSIONS;

/** The dump ids, and what is in the tables and large objects. */
export const ROWS: ReadonlyMap<number, Buffer> = new Map([
  [11, rows('1\tone\n')],
  [12, rows('')],
  [13, rows('2\tanother row\n'.repeat(200_000))],
]);
export const OBJECTS: ReadonlyMap<number, Buffer> = new Map([
  [16_400, Buffer.from('a large object')],
  [4_294_967_295, Buffer.alloc(70_000, 'x')],
]);
export const LIST_ID = 20;

/** A directory as `pg_dump --format=directory` writes it, of version 1.`minor` of the format. */
async function smallDirectory(minor: number, compression: CompressionName): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'stitching-'));
  const { suffix, code, compress } = COMPRESSIONS[compression];
  const list = minor >= 16 ? `blobs_${LIST_ID}.toc` : 'blobs.toc';
  const entries: SmallEntry[] = [
    { id: 2, kind: 'TABLE', tag: 't', definition: 'CREATE TABLE public.t (x int);\n' },
    ...[...ROWS.keys()].map((id) => ({
      ...{ id, kind: 'TABLE DATA', tag: 't', section: 3, hasData: true },
      ...{ copy: 'COPY public.t (x) FROM stdin;\n', file: `${id}.dat` },
    })),
    { id: LIST_ID, kind: 'BLOBS', tag: 'BLOBS', section: 3, hasData: true, file: list },
    { id: 30, kind: 'INDEX', tag: 'i', definition: 'CREATE INDEX i ON public.t (x);\n' },
  ];
  const toc = smallArchive(minor, entries, { format: 'directory', compression: code });
  const write = (name: string, bytes: Buffer | string): Promise<void> =>
    writeFile(join(directory, name), bytes);
  await write('toc.dat', toc);
  for (const [id, bytes] of ROWS) await write(`${id}.dat${suffix}`, compress(bytes));
  for (const [oid, bytes] of OBJECTS) await write(`blob_${oid}.dat${suffix}`, compress(bytes));
  await write(list, [...OBJECTS.keys()].map((oid) => `${oid} blob_${oid}.dat\n`).join(''));
  return directory;
}

/** Makes such directories for the tests of a file; each is removed after its test. */
export function smallDirectories(): (minor?: number, compression?: CompressionName) => Promise<string> {
  const directories: string[] = [];
  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
  });
  return async (minor = 16, compression = 'zstd') => {
    const directory = await smallDirectory(minor, compression);
    directories.push(directory);
    return directory;
  };
}

/** The bytes of a stitched archive. */
export function whole({ read }: StitchedArchive): Promise<Buffer> {
  return buffer(read(new AbortController().signal));
}

/** With what `pg_dump` writes behind the rows. */
function rows(text: string): Buffer {
  return Buffer.from(`${text}\\.\n\n\n`);
}
