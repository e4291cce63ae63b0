import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../errors.ts';

/** A folder in a tool cache that several jobs share. */
export interface CachePlace {
  /** The tool's folder in the cache; unfinished trees are staged there. */
  readonly base: string;
  readonly folder: string;
  /** `@actions/tool-cache` ignores the folder unless this file exists. */
  readonly marker: string;
}

const STAGING = '.staging-';
const ABANDONED_AFTER_MS = 3_600_000;
const ATTEMPTS = 5;

/**
 * Puts a tree into the cache so that no job ever sees a part of it: it is staged in the same cache, renamed
 * as a whole, and then marked as complete.
 *
 * A tree that is there already is used if it is complete and works. Anything else there is replaced:
 * the rest of an interrupted job, or tools that do not work.
 *
 * (`cacheDir` of `@actions/tool-cache` empties the folder and copies into it while other jobs may be using it.)
 *
 * @param tree moved if the cache is on the same file system, else copied; if publishing fails, it is
 *   back where it was.
 * @param works whether the tree in a folder works.
 */
export async function publishTree(
  tree: string,
  place: CachePlace,
  works: (folder: string) => Promise<boolean>,
): Promise<void> {
  await mkdir(dirname(place.folder), { recursive: true });
  await removeAbandoned(place.base);
  const staging = await mkdtemp(join(place.base, STAGING));
  const staged = join(staging, 'tree');
  const moved = await moveOrCopy(tree, staged);
  try {
    await moveIntoPlace(staged, place, staging, works);
  } catch (error) {
    if (moved) await rename(staged, tree).catch(() => undefined);
    throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Moves a tree out of the cache, back to where it was before it was published. */
export async function takeBackTree(place: CachePlace, tree: string): Promise<void> {
  await rm(place.marker, { force: true });
  if (await exists(tree)) await rm(place.folder, { recursive: true, force: true });
  else if (!(await moveOrCopy(place.folder, tree))) await rm(place.folder, { recursive: true, force: true });
}

async function moveIntoPlace(
  staged: string,
  place: CachePlace,
  staging: string,
  works: (folder: string) => Promise<boolean>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(staged, place.folder);
      await writeFile(place.marker, '').catch(async (error: unknown) => {
        await rename(place.folder, staged);
        throw error;
      });
      return;
    } catch (error) {
      if (!isTaken(error) || attempt === ATTEMPTS) throw error;
    }
    if ((await exists(place.marker)) && (await works(place.folder))) return;
    await rename(place.folder, join(staging, `replaced-${attempt}`)).catch((error: unknown) => {
      // Another job has moved it meanwhile.
      if (errorCode(error) !== 'ENOENT') throw error;
    });
  }
}

/** Whether a rename failed because a folder that is not empty is there (EPERM on Windows). */
function isTaken(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error) ?? '');
}

/** @returns whether it was moved. */
async function moveOrCopy(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    // Another file system; or, on Windows, a virus scanner that still reads the unpacked files.
    if (!['EXDEV', 'EPERM', 'EBUSY'].includes(errorCode(error) ?? '')) throw error;
    await cp(from, to, { recursive: true, verbatimSymlinks: true });
    return false;
  }
}

/** Removes what killed jobs left while publishing; the folder of a running job is never that old. */
async function removeAbandoned(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    if (!name.startsWith(STAGING)) continue;
    const folder = join(base, name);
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > ABANDONED_AFTER_MS) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
