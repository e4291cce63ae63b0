import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FolderUsage, watchFolder } from '../../../src/backup/parallel-dump/folder-usage.ts';

let temp: string;
beforeEach(async () => {
  temp = await mkdtemp(path.join(tmpdir(), 'usage-'));
});
afterEach(() => rm(temp, { recursive: true }));

/** Waits for as long as it takes. */
async function reaches(usage: FolderUsage, bytes: number): Promise<void> {
  while (usage.bytes !== bytes) await pause(20);
}

describe('the size of a folder that grows', () => {
  it('is none before there is one, and follows each file', async () => {
    const folder = path.join(temp, 'dump');
    await using usage = watchFolder(folder, () => false);
    expect(usage.bytes).toBe(0);
    await mkdir(folder);
    await writeFile(path.join(folder, '1.dat'), 'abc');
    await reaches(usage, 3);
    await appendFile(path.join(folder, '1.dat'), 'de');
    await writeFile(path.join(folder, '2.dat'), 'f');
    await reaches(usage, 6);
    expect([...usage.files]).toEqual([
      ['1.dat', 5],
      ['2.dat', 1],
    ]);
  });

  it('takes no second look at a file that is complete', async () => {
    await writeFile(path.join(temp, '1.dat'), 'abc');
    await using usage = watchFolder(temp, (file) => file === '1.dat');
    await reaches(usage, 3);
    await appendFile(path.join(temp, '1.dat'), 'more');
    await writeFile(path.join(temp, '2.dat'), 'f');
    await reaches(usage, 4);
  });
});
