import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const UNFINISHED = '.unfinished-';
const HOUR_MS = 3_600_000;

/**
 * A folder that is built once and kept between runs, for what is slow to fetch.
 *
 * It is built beside its place and renamed into it when it is whole: a killed run leaves nothing that is
 * trusted, and of two workers that build at once the first wins. `build` is told both: where to write, and
 * where the folder will be.
 *
 * @param name must change whenever what is built changes.
 */
export async function keptFolder(
  name: string,
  build: (folder: string, finalFolder: string) => Promise<void>,
): Promise<string> {
  const parent = await cacheFolder();
  const folder = join(parent, name);
  if (await exists(folder)) return folder;
  await removeUnfinished(parent);
  const unfinished = join(parent, `${UNFINISHED}${name}-${randomBytes(6).toString('hex')}`);
  await mkdir(unfinished);
  try {
    await build(unfinished, folder);
    await rename(unfinished, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** In node_modules, or, where another user made that, among the user's own caches. */
async function cacheFolder(): Promise<string> {
  const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url));
  const own = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const places = [join(nodeModules, '.cache', 'postgres-backup-action'), join(own, 'postgres-backup-action')];
  for (const place of places) {
    try {
      await mkdir(place, { recursive: true });
      await access(place, constants.W_OK);
      return place;
    } catch {
      continue;
    }
  }
  throw new Error(
    `No folder for the tests' tools can be written: ${places.map((place) => dirname(place)).join(', ')}`,
  );
}

/** What killed runs left; a run that still builds is never that old. */
async function removeUnfinished(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const folder = join(parent, name);
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > HOUR_MS) await rm(folder, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
