import { access, constants, lstat, realpath, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from '../../errors.ts';

/** Whether a path is a folder, or below it, as it is written. */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/**
 * Requires that a folder below another is still there when every link is followed; a repository may contain links to
 * anywhere.
 *
 * @throws Error with the target of the link.
 */
export async function requireInside(folder: string, root: string): Promise<void> {
  const real = await realpathOfExisting(folder);
  if (isInside(real, await realpath(root))) return;
  throw new Error(`a link leads out of the workspace, to ${real}`);
}

async function realpathOfExisting(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || (await lstat(folder).catch(() => undefined))) throw error;
    return realpathOfExisting(path.dirname(folder));
  }
}

/** Requires that files can be created in a folder, or the folder itself in the nearest one that exists. */
export async function requireWritable(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await requireWritable(path.dirname(folder));
  }
}

/** The topmost folder that is missing on the way to a folder; undefined when it exists. */
export async function topmostMissing(folder: string): Promise<string | undefined> {
  if (await lstat(folder).catch(() => undefined)) return undefined;
  return (await topmostMissing(path.dirname(folder))) ?? folder;
}

/** Removes a folder and those above it up to `top`, as far as they are empty. */
export async function removeEmptyFolders(folder: string, top: string): Promise<void> {
  try {
    await rmdir(folder);
    if (folder !== top) await removeEmptyFolders(path.dirname(folder), top);
  } catch {
    // It contains other files.
  }
}
