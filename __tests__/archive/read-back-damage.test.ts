import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Manifest } from '../../src/archive/content/manifest.ts';
import { UserError } from '../../src/errors.ts';
import { seededRandom } from '../support/damage.ts';
import { ReadBackBed } from './read-back-bed.ts';

const execute = promisify(execFile);

let bed: ReadBackBed;
/** Of the odd database. */
let archive: string;

beforeAll(async () => {
  bed = await ReadBackBed.start();
  archive = await bed.dumped('odd', '--compress=zstd:3');
});

afterAll(() => bed.stop());

/** Reads a damaged copy of the archive. */
async function readDamaged(bytes: Buffer): Promise<Manifest> {
  const file = join(bed.folder, 'damaged.bak');
  await writeFile(file, bytes);
  return bed.manifestOf(file);
}

describe('a damaged archive', () => {
  it.each([
    ['zstd:3', 100],
    ['gzip:6', 30],
    ['none', 30],
  ])('is refused wherever it is cut (%s)', async (compression, cuts) => {
    const bytes = await readFile(await bed.dumped('odd', `--compress=${compression}`));
    const positions = Array.from({ length: cuts }, (_, index) => Math.floor((bytes.length * index) / cuts));
    for (const length of [...positions, bytes.length - 1]) {
      await expect(readDamaged(bytes.subarray(0, length))).rejects.toThrow(
        /^The archive cannot be read back: /,
      );
    }
  });

  it.each([
    ['as pg_dump wrote it', () => archive],
    ['stitched of a parallel dump', () => bed.stitched('odd', '--compress=zstd:3')],
  ])('%s is refused or gives another digest if one byte is changed (thorough)', async (_, made) => {
    const file = await made();
    const bytes = await readFile(file);
    const { contentDigest } = await bed.manifestOf(file);
    const script = await scriptOf(file);
    const random = seededRandom(20);
    let refused = 0;
    for (let damages = 0; damages < 200; damages += 1) {
      const at = Math.floor(random() * bytes.length);
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x41;
      const manifest = await readDamaged(damaged).catch((error: unknown) => error);
      if (manifest instanceof UserError) refused += 1;
      else if (!(manifest instanceof Error) && digestIn(manifest) === contentDigest) {
        // What was hit says nothing about the contents: the script is the same but for its comments.
        expect(await scriptOf(join(bed.folder, 'damaged.bak'))).toBe(script);
      } else expect(manifest).toHaveProperty('contentDigest');
    }
    expect(refused).toBeGreaterThan(10);
  });

  it('is refused if rows that were dumped as INSERT statements are damaged', async () => {
    const bytes = await readFile(await bed.dumped('odd', '--inserts', '--compress=gzip:6'));
    const [at = 0] = positionsOfData(bytes).map((place) => Number(bytes.readBigUInt64LE(place)));
    bytes.fill(0x41, at + 12, at + 30);
    await expect(readDamaged(bytes)).rejects.toThrow('pg_restore reports: ');
  });

  it('is refused if its table of contents points to a wrong position', async () => {
    const bytes = await readFile(archive);
    // Every entry with data ends with a flag (2: the position is set) and a position of 8 bytes, least first.
    const places = positionsOfData(bytes);
    expect(places.length).toBeGreaterThan(12);
    for (const at of places.slice(0, 3)) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await expect(readDamaged(damaged)).rejects.toThrow('pg_restore reports: ');
    }
  });

  it('is refused if it is empty, missing or another kind of file', async () => {
    await expect(readDamaged(Buffer.alloc(0))).rejects.toThrow(
      'The archive cannot be read back: it is empty.',
    );
    await expect(readDamaged(Buffer.from('SELECT 1;\n'))).rejects.toThrow('pg_dump -Fc');
    await expect(bed.read(join(bed.folder, 'absent'))).rejects.toThrow('ENOENT');
  });

  it('is explained, with the message of pg_restore as the cause', async () => {
    const bytes = await readFile(archive);
    await expect(readDamaged(bytes.subarray(0, -20))).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^The archive cannot be read back: pg_restore reports: .*end of file/),
      hint: expect.stringContaining('Run the job again.'),
      cause: expect.objectContaining({ message: expect.stringContaining('pg_restore: error: ') }),
    });
  });
});

async function scriptOf(file: string): Promise<string> {
  const { stdout } = await execute(bed.tools.pgRestore, ['--file=-', file], { env: {} });
  return stdout.replaceAll(/^(?:\\(?:un)?restrict|-- )[^\n]*\n/gm, '');
}

function digestIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'contentDigest' in value
    ? value.contentDigest
    : undefined;
}

/** Where the positions of the data stand in an archive's table of contents. */
function positionsOfData(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 1) {
    if (bytes[at] !== 2) continue;
    const position = bytes.readBigUInt64LE(at + 1);
    // A block of table data begins with its type, 1, and large objects with 3.
    const kind = position > BigInt(at) && position < BigInt(bytes.length) ? bytes[Number(position)] : 0;
    if (kind === 1 || kind === 3) places.push(at + 1);
  }
  return places;
}
