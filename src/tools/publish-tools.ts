import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../errors.ts';

/** Where a tree belongs in a tool cache that several jobs share. */
export interface CachePlace {
  /** The tool's folder in the cache; unfinished work is kept there. */
  readonly base: string;
  readonly folder: string;
  /** Without this file, `@actions/tool-cache` does not see the folder. */
  readonly marker: string;
}

const STAGING = '.staging-';
const ABANDONED_AFTER_MS = 3_600_000;
const ATTEMPTS = 5;

/**
 * Puts a tree into its place so that nobody ever sees a part of it: it is staged in the same cache, renamed
 * into place as a whole, and marked as complete after that.
 *
 * What is in the place already is adopted when it is complete and works. Anything else there is set aside:
 * what an interrupted job left, or what does not work.
 *
 * (`cacheDir` of `@actions/tool-cache` empties the place and copies into it, under the hands of the other jobs.)
 *
 * @param tree moved when the cache is on the same file system, else copied; when publishing fails, it is
 *   where it was.
 * @param works tells whether the tree in a folder is good.
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
    await takePlace(staged, place, staging, works);
  } catch (error) {
    if (moved) await rename(staged, tree).catch(() => undefined);
    throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Takes a tree out of the cache, back to where it was before it was published. */
export async function withdrawTree(place: CachePlace, tree: string): Promise<void> {
  await rm(place.marker, { force: true });
  if (await exists(tree)) await rm(place.folder, { recursive: true, force: true });
  else if (!(await moveOrCopy(place.folder, tree))) await rm(place.folder, { recursive: true, force: true });
}

async function takePlace(
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
      // Another job has set it aside meanwhile.
      if (errorCode(error) !== 'ENOENT') throw error;
    });
  }
}

/** Whether a rename failed because a folder with something in it is there (Windows says EPERM). */
function isTaken(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error) ?? '');
}

/** @returns whether it was moved. */
async function moveOrCopy(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    // Another file system; or, on Windows, a scanner that still reads what was just unpacked.
    if (!['EXDEV', 'EPERM', 'EBUSY'].includes(errorCode(error) ?? '')) throw error;
    await cp(from, to, { recursive: true, verbatimSymlinks: true });
    return false;
  }
}

/** What jobs left that were killed while they published; a job that still works is never that old. */
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
