import { appendFile, copyFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { stitchArchive } from '../../../src/archive/stitching/stitched-archive.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { COMPRESSIONS, type CompressionName, smallDirectories, whole } from './small-directory.ts';

const made = smallDirectories();

describe('a directory that is not what pg_dump wrote', () => {
  it.each<[string, (directory: string) => Promise<void>, string]>([
    [
      'has no table of contents',
      (directory) => rm(join(directory, 'toc.dat')),
      'the file toc.dat is missing',
    ],
    ['lacks rows', (directory) => rm(join(directory, '12.dat.zst')), 'the file 12.dat.zst is missing'],
    [
      'lacks a large object',
      (directory) => rm(join(directory, 'blob_16400.dat.zst')),
      'blob_16400.dat.zst is missing',
    ],
    [
      'lacks the list of large objects',
      (directory) => rm(join(directory, 'blobs_20.toc')),
      'blobs_20.toc is missing',
    ],
    [
      'contains a file of something else',
      (directory) => writeFile(join(directory, 'a.txt'), ''),
      'a.txt is not of this dump',
    ],
    [
      'contains a large object that the list does not name',
      (directory) => writeFile(join(directory, 'blob_5.dat.zst'), ''),
      'is not of this dump',
    ],
    [
      'contains rows of no entry',
      (directory) => writeFile(join(directory, '14.dat.zst'), ''),
      '14.dat.zst is not of this dump',
    ],
    [
      'has bytes behind its table of contents',
      (directory) => appendFile(join(directory, 'toc.dat'), 'x'),
      'toc.dat is not what',
    ],
    [
      'ends within its table of contents',
      (directory) => truncate(join(directory, 'toc.dat'), 100),
      'ends within its table',
    ],
    [
      'has a list that ends too early',
      (directory) => truncate(join(directory, 'blobs_20.toc'), 20),
      'blobs_20.toc is not',
    ],
    [
      'has a list without its last byte',
      (directory) => truncate(join(directory, 'blobs_20.toc'), 51),
      'blobs_20.toc is not complete',
    ],
    [
      'lists a file elsewhere',
      (directory) => writeFile(join(directory, 'blobs_20.toc'), '16400 ../16400.dat\n'),
      'blobs_20.toc is not what pg_dump writes',
    ],
    [
      'lists no number',
      (directory) => writeFile(join(directory, 'blobs_20.toc'), '0 blob_0.dat\n'),
      'blobs_20.toc is not what pg_dump writes',
    ],
  ])('is refused before anything is read: it %s', async (_, damage, words) => {
    const directory = await made();
    await damage(directory);
    const { message, code } = await userErrorOf(stitchArchive(directory));
    expect(message).toContain('The parallel dump cannot be made into one archive: ');
    expect(message).toContain(words);
    expect(code).toBe('archive-unreadable');
  });

  it.each<[string, CompressionName, (file: string) => Promise<void>]>([
    ['truncated', 'none', (file) => truncate(file, 200_000)],
    ['truncated', 'gzip', (file) => truncate(file, 2_000)],
    ['truncated', 'lz4', (file) => truncate(file, 200_000)],
    ['truncated', 'zstd', (file) => truncate(file, 100)],
    ['empty', 'none', (file) => truncate(file, 0)],
    ['empty', 'lz4', (file) => truncate(file, 0)],
    ['empty', 'zstd', (file) => truncate(file, 0)],
    ['longer', 'gzip', (file) => appendFile(file, 'x')],
    ['longer', 'lz4', (file) => appendFile(file, 'x')],
    ['longer', 'zstd', (file) => appendFile(file, 'x')],
    ['something else', 'gzip', (file) => writeFile(file, 'x'.repeat(5_000))],
    ['something else', 'lz4', (file) => writeFile(file, 'x'.repeat(5_000))],
    ['something else', 'zstd', (file) => writeFile(file, 'x'.repeat(5_000))],
  ])('is refused where a file with rows is %s (%s)', async (_, compression, damage) => {
    const directory = await made(16, compression);
    const name = `13.dat${COMPRESSIONS[compression].suffix}`;
    await damage(join(directory, name));
    const { message } = await userErrorOf(stitchArchive(directory).then(whole));
    expect(message).toMatch(
      new RegExp(`the file ${name.replaceAll('.', '\\.')} is (?:not complete|not what|damaged)`),
    );
  });

  it.each<CompressionName>(['gzip', 'lz4', 'zstd'])(
    'is refused where the first byte of a file is another one (%s)',
    async (compression) => {
      const directory = await made(16, compression);
      const file = join(directory, `11.dat${COMPRESSIONS[compression].suffix}`);
      const bytes = await readFile(file);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await writeFile(file, bytes);
      const { message } = await userErrorOf(stitchArchive(directory).then(whole));
      expect(message).toContain('is not what pg_dump writes');
    },
  );

  it('is refused where a gzip file is one of two', async () => {
    const directory = await made(16, 'gzip');
    const file = join(directory, '11.dat.gz');
    await appendFile(file, await readFile(file));
    const { message } = await userErrorOf(stitchArchive(directory).then(whole));
    expect(message).toContain('the file 11.dat.gz is not what pg_dump writes');
  });

  it.each([
    ['cannot be inflated', 10, 'is damaged'],
    ['has another checksum', -8, 'is not what pg_dump writes'],
    ['has another length', -1, 'is not what pg_dump writes'],
  ])('is refused where a gzip file %s', async (_, at, words) => {
    const directory = await made(16, 'gzip');
    const file = join(directory, '13.dat.gz');
    const bytes = await readFile(file);
    const from = at < 0 ? bytes.length + at : at;
    bytes[from] = (bytes[from] ?? 0) ^ 0xff;
    await writeFile(file, bytes);
    const { message } = await userErrorOf(stitchArchive(directory).then(whole));
    expect(message).toContain(`the file 13.dat.gz ${words}`);
  });

  it.each<[string, (file: string) => Promise<void>]>([
    ['shorter', (file) => truncate(file, 10)],
    ['longer', (file) => appendFile(file, 'x')],
    [
      'another file with the same bytes',
      async (file) => {
        await copyFile(file, `${file}.new`);
        await rename(`${file}.new`, file);
      },
    ],
  ])('is refused when a file becomes %s after it was planned', async (_, change) => {
    for (const name of ['13.dat', 'blob_16400.dat']) {
      const directory = await made(16, 'none');
      const plan = await stitchArchive(directory);
      await change(join(directory, name));
      expect((await userErrorOf(whole(plan))).message).toContain('was changed meanwhile');
    }
  });

  it('is refused when two of its files change places after it was planned', async () => {
    const directory = await made();
    const plan = await stitchArchive(directory);
    const [one, other] = ['11.dat.zst', '12.dat.zst'].map((name) => join(directory, name));
    if (one === undefined || other === undefined) throw new Error('unreachable');
    await rename(one, `${one}.old`);
    await rename(other, one);
    await rename(`${one}.old`, other);
    expect((await userErrorOf(whole(plan))).message).toContain('was changed meanwhile');
  });

  it('is refused when a file is missing that was there when it was planned', async () => {
    const directory = await made();
    const plan = await stitchArchive(directory);
    await rm(join(directory, '13.dat.zst'));
    expect((await userErrorOf(whole(plan))).message).toContain('the file 13.dat.zst is missing');
  });
});
