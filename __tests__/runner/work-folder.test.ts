import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { makeWorkFolder, removeRecordedWorkFolder } from '../../src/runner/work-folder.ts';
import { captureOutput } from '../support/captured-output.ts';
import { userErrorOf } from '../support/user-error.ts';

captureOutput();

let temp: string;
beforeEach(async () => {
  temp = await mkdtemp(path.join(tmpdir(), 'runner-temp-'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(temp, { recursive: true });
});

function withVariables(variables: Readonly<Record<string, string>>): void {
  jest.replaceProperty(process, 'env', { ...process.env, ...variables });
}

describe('the work folder', () => {
  it('is not left behind if it cannot be recorded for the post step', async () => {
    withVariables({ GITHUB_STATE: path.join(temp, 'no such file') });
    const { message } = await userErrorOf(makeWorkFolder(temp));
    expect(message).toContain('GITHUB_STATE');
    expect(await readdir(temp)).toEqual([]);
  });
});

describe('the post step', () => {
  it.each([
    ['the folder of the work folders', () => temp],
    ['a folder of another program in it', () => path.join(temp, 'other')],
    ['a work folder of another runner', () => path.join(temp, 'other', 'postgres-backup-1')],
    ['one that is reached through it', () => `${temp}/postgres-backup-1/../../${path.basename(temp)}/other`],
  ])('never removes %s, whatever was recorded', async (_, recorded) => {
    const kept = path.join(temp, 'other', 'postgres-backup-1');
    await mkdir(kept, { recursive: true });
    await writeFile(path.join(kept, 'file'), 'of somebody else');
    withVariables({ 'STATE_work-folder': recorded() });
    await expect(removeRecordedWorkFolder(() => temp)).rejects.toThrow('not one of this action');
    expect(await readdir(kept)).toEqual(['file']);
  });

  // Root may remove whatever it likes.
  (process.getuid?.() === 0 ? it.skip : it)(
    'says what it cannot remove, and by whom it must be',
    async () => {
      const folder = path.join(temp, 'postgres-backup-1');
      await mkdir(path.join(folder, 'closed'), { recursive: true });
      await writeFile(path.join(folder, 'closed', 'file'), '');
      await chmod(path.join(folder, 'closed'), 0o500);
      withVariables({ 'STATE_work-folder': folder });
      try {
        const { message, hint } = await userErrorOf(removeRecordedWorkFolder(() => temp));
        expect(message).toContain(folder);
        expect(hint).toContain('manually');
      } finally {
        await chmod(path.join(folder, 'closed'), 0o700);
      }
    },
  );
});
