import {
  access,
  constants,
  copyFile,
  lstat,
  mkdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import path from 'node:path';
import { UserError, errorCode, messageOf } from '../../errors.ts';
import { saveState, savedState } from '../../runner/command-files.ts';

const PARTIAL = '.partial';
const STAGED = 'staged-copy';
const STAGED_FOLDER = 'staged-copy-folder';

/** Where to keep the backup on the runner's disk. */
export interface LocalDestination {
  readonly folder: string;
  /** Undefined: the artifact's name. */
  readonly fileName: string | undefined;
  /** The folder that must not be left through a link: the workspace; undefined for a place outside of it. */
  readonly within: string | undefined;
}

/**
 * Resolves the `path` input, a folder or a file below the workspace or absolute, and checks before the dump
 * that it can be written. Nothing is created yet.
 *
 * It is a folder if it ends with a slash or exists as one, else a file.
 *
 * @returns undefined when nothing is to be kept.
 * @throws UserError when it cannot be written.
 */
export async function prepareLocalDestination(
  input: string,
  value: string | undefined,
  workspace: string,
): Promise<LocalDestination | undefined> {
  if (value === undefined) return undefined;
  const target = path.resolve(workspace, value);
  const isFolder =
    /[\\/]$/.test(value) || (await stat(target).catch(() => undefined))?.isDirectory() === true;
  const folder = isFolder ? target : path.dirname(target);
  const within = isInside(target, path.resolve(workspace)) ? path.resolve(workspace) : undefined;
  try {
    if (within !== undefined) await requireInside(folder, within);
    await requireWritable(folder);
  } catch (error) {
    throw new UserError(
      'storage',
      `${input}: ${JSON.stringify(value)} cannot be written: ${messageOf(error)}`,
      `Choose a ${input} below the workspace, for example "${input}: backups/".`,
      { cause: error },
    );
  }
  return { folder, fileName: isFolder ? undefined : path.basename(target), within };
}

/** Whether a folder below another is still there when every link is followed; a repository may contain links to anywhere. */
async function requireInside(folder: string, root: string): Promise<void> {
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

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** Whether files can be created in a folder, or the folder itself in the nearest one that exists. */
async function requireWritable(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await requireWritable(path.dirname(folder));
  }
}

/** A copy of the archive beside its final path. */
export interface StagedFile {
  /** Renames the copy to its final path, where it replaces an older file or link; returns the path. */
  commit(): Promise<string>;
  /** Removes the copy, unless it was committed, and the folders that were created for it. */
  discard(): Promise<void>;
}

/**
 * Copies a verified archive beside its final path. It is renamed only when everything else has
 * succeeded.
 *
 * @throws UserError when the disk is full or the folder cannot be written.
 */
export async function stage(archive: string, place: LocalDestination): Promise<StagedFile> {
  const target = path.join(place.folder, place.fileName ?? path.basename(archive));
  const partial = `${target}.${process.pid}${PARTIAL}`;
  let made: string | undefined;
  const discard = (): Promise<void> => removeCopy(partial, made);
  const orExplain = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await discard();
      throw new UserError(
        'storage',
        `The backup could not be kept at ${target}: ${messageOf(error)}`,
        'Check that the disk has enough space and that the folder can be written.',
        { cause: error },
      );
    }
  };
  await orExplain(async () => {
    made = await mkdir(place.folder, { recursive: true });
    // A link may have been put there since.
    if (place.within !== undefined) await requireInside(place.folder, place.within);
    saveState(STAGED, partial);
    saveState(STAGED_FOLDER, made ?? '');
    await copyFile(archive, partial, constants.COPYFILE_EXCL);
  });
  return {
    async commit() {
      await orExplain(() => rename(partial, target));
      return target;
    },
    discard,
  };
}

/** In the post step: removes the copy that a killed job has not committed. */
export async function discardStaged(): Promise<void> {
  const partial = savedState(STAGED);
  if (partial?.endsWith(PARTIAL)) await removeCopy(partial, savedState(STAGED_FOLDER));
}

/** @param made the topmost folder that was created for it. */
async function removeCopy(partial: string, made: string | undefined): Promise<void> {
  await rm(partial, { force: true });
  if (made !== undefined) await removeEmptyFolders(path.dirname(partial), made);
}

/** Removes a folder and those above it up to `top`, as far as they are empty. */
async function removeEmptyFolders(folder: string, top: string): Promise<void> {
  try {
    await rmdir(folder);
    if (folder !== top) await removeEmptyFolders(path.dirname(folder), top);
  } catch {
    // It contains other files.
  }
}
