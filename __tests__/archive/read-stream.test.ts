import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ReadBack } from '../../src/archive/read-back.ts';
import { ReadBackBed } from './read-back-bed.ts';
import { readWhileMade } from './read-while-made.ts';

let bed: ReadBackBed;
let archive: Buffer;
beforeAll(async () => {
  bed = await ReadBackBed.start();
  archive = await readFile(await bed.dumped('odd'));
});
afterAll(() => bed.stop());

function read(bytes: Buffer, pieceBytes = 50_000, pgRestore = bed.tools.pgRestore): Promise<ReadBack> {
  return readWhileMade(bytes, { pgRestore, major: 17, pieceBytes });
}

/** A stand-in for `pg_restore`. */
async function standIn(script: string): Promise<string> {
  const file = join(bed.folder, 'pg_restore-stand-in');
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

describe('an archive that is read while it is made', () => {
  it.each([1_000, 65_536, 10_000_000])(
    'in pieces of %d bytes gives what the whole file gives',
    async (pieceBytes) => {
      const file = join(bed.folder, 'whole.bak');
      await writeFile(file, archive);
      expect(await read(archive, pieceBytes)).toEqual(await bed.read(file));
    },
  );

  it.each([
    ['only the definitions', ['--schema-only']],
    ['only the data', ['--data-only']],
    ['no compression', ['--compress=0']],
    ['partitions loaded through their root', ['--load-via-partition-root']],
  ])('may have %s', async (_, args) => {
    const file = await bed.dumped('odd', ...args);
    expect(await read(await readFile(file))).toEqual(await bed.read(file));
  });

  it('is refused wherever it ends too early', async () => {
    for (const part of [0, 0.001, 0.1, 0.5, 0.9, 0.999]) {
      const bytes = archive.subarray(0, Math.floor(archive.length * part));
      await expect(read(bytes)).rejects.toMatchObject({ code: 'archive-unreadable' });
    }
    await expect(read(archive.subarray(0, -1))).rejects.toMatchObject({ code: 'archive-unreadable' });
  });

  it('is refused when something follows its end', async () => {
    for (const more of [Buffer.of(0), Buffer.alloc(100_000, 1), archive]) {
      await expect(read(Buffer.concat([archive, more]))).rejects.toMatchObject({
        code: 'archive-unreadable',
      });
    }
  });

  it('is refused with rows as INSERT statements', async () => {
    const file = await bed.dumped('odd', '--inserts');
    await expect(read(await readFile(file))).rejects.toMatchObject({ code: 'archive-unreadable' });
  });

  it('is refused when pg_restore succeeds without having read it, or reads it and prints nothing', async () => {
    await expect(read(archive, 50_000, await standIn('exit 0'))).rejects.toMatchObject({
      code: 'archive-unreadable',
    });
    await expect(read(archive, 50_000, await standIn('cat > /dev/null'))).rejects.toThrow(
      'its script is empty',
    );
  });

  it('is refused with the reason of pg_restore when that fails', async () => {
    const failing = await standIn('cat > /dev/null; echo "pg_restore: error: no space left" >&2; exit 1');
    await expect(read(archive, 50_000, failing)).rejects.toThrow('no space left');
  });
});
