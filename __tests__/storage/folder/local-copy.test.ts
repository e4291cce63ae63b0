import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { prepareLocalDestination, stage } from '../../../src/storage/folder/local-copy.ts';
import { captureOutput } from '../../support/captured-output.ts';

captureOutput();

let workspace: string;
let archive: string;
beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'workspace-'));
  archive = path.join(workspace, 'shop.bak');
  await writeFile(archive, 'the archive', { mode: 0o600 });
});
afterEach(() => rm(workspace, { recursive: true }));

const keepAt = async (value: string) => {
  const place = await prepareLocalDestination('path', value, workspace);
  if (!place) throw new Error('no place');
  return (await stage(archive, place)).commit();
};

describe('path', () => {
  it.each(['backups/', 'a/b/'])('is a folder if it ends with a slash: %s', async (value) => {
    expect(await keepAt(value)).toBe(path.join(workspace, value, 'shop.bak'));
  });

  it('is a folder if one exists there', async () => {
    await mkdir(path.join(workspace, 'there'));
    expect(await keepAt('there')).toBe(path.join(workspace, 'there', 'shop.bak'));
  });

  it('is otherwise a file that only its owner can read', async () => {
    const kept = await keepAt('new/mine.bak');
    expect(await readFile(kept, 'utf8')).toBe('the archive');
    expect((await lstat(kept)).mode & 0o777).toBe(0o600);
  });

  it('replaces a link instead of writing through it', async () => {
    await writeFile(path.join(workspace, 'victim'), 'untouched');
    await symlink(path.join(workspace, 'victim'), path.join(workspace, 'link'));
    await keepAt('link');
    expect(await readFile(path.join(workspace, 'victim'), 'utf8')).toBe('untouched');
    expect((await lstat(path.join(workspace, 'link'))).isSymbolicLink()).toBe(false);
  });

  it('is refused if a link leads out of the workspace, also one that is created later', async () => {
    const outside = await mkdtemp(path.join(tmpdir(), 'outside-'));
    try {
      await symlink(outside, path.join(workspace, 'out'));
      await symlink(path.join(outside, 'none'), path.join(workspace, 'broken'));
      for (const value of [
        'out/',
        'out',
        'out/mine.bak',
        'out/new/deep/',
        'broken/',
        path.join(workspace, 'out/'),
      ]) {
        await expect(keepAt(value)).rejects.toMatchObject({
          message: expect.stringMatching(/^path: .*cannot be written: /),
        });
      }
      const place = await prepareLocalDestination('path', 'later/', workspace);
      await symlink(outside, path.join(workspace, 'later'));
      if (!place) throw new Error('no place');
      await expect(stage(archive, place)).rejects.toMatchObject({
        message: expect.stringContaining('leads out of the workspace'),
      });
      expect(await readdir(outside)).toEqual([]);
      // What is meant to be elsewhere may be.
      expect(await keepAt(`${outside}/`)).toBe(path.join(outside, 'shop.bak'));
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it('can contain a link that stays in the workspace', async () => {
    await mkdir(path.join(workspace, 'there'));
    await symlink(path.join(workspace, 'there'), path.join(workspace, 'link'));
    expect(await keepAt('link/')).toBe(path.join(workspace, 'link', 'shop.bak'));
  });

  it('leaves neither file nor folder if it is discarded', async () => {
    const place = await prepareLocalDestination('path', 'out/deep/', workspace);
    if (!place) throw new Error('no place');
    const staged = await stage(archive, place);
    await staged.discard();
    expect(await readdir(workspace)).toEqual(['shop.bak']);
  });

  it('is refused by its name if it cannot be written', async () => {
    await writeFile(path.join(workspace, 'file'), '');
    await expect(prepareLocalDestination('path', 'file/below/', workspace)).rejects.toMatchObject({
      message: expect.stringMatching(/^path: "file\/below\/" cannot be written/),
    });
    if (process.getuid?.() === 0) return; // root may write anywhere
    await mkdir(path.join(workspace, 'closed'));
    await chmod(path.join(workspace, 'closed'), 0o500);
    await expect(prepareLocalDestination('path', 'closed/', workspace)).rejects.toMatchObject({
      name: 'UserError',
    });
  });
});
