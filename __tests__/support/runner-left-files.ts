import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../src/errors.ts';
import { RUNNERS_OWN, type RunnerFolders } from './runner-environment.ts';

/** A file that a run left behind: its name begins with `temp/`, `tmp/` or `workspace/`. */
export interface LeftFile {
  readonly name: string;
  readonly path: string;
}

/** Everything below the folders where an action may leave something; folders are listed only when empty. */
export async function listFiles(folders: RunnerFolders): Promise<LeftFile[]> {
  const places = [
    ['temp', folders.temp],
    ['tmp', folders.systemTemp],
    ['workspace', folders.workspace],
  ] as const;
  const lists = await Promise.all(places.map(([name, path]) => walk(name, path)));
  const own = RUNNERS_OWN.map((folder) => `temp/${folder}/`);
  return lists.flat().filter(({ name }) => !own.some((folder) => name.startsWith(folder)));
}

/** The text of a left file, when it is small enough to be looked through (4 MiB). */
export async function readSmallFile(path: string): Promise<string> {
  return unlessGone('', async () => {
    const found = await lstat(path);
    return found.isFile() && found.size <= 4 * 1024 * 1024 ? readFile(path, 'utf8') : '';
  });
}

async function walk(name: string, path: string): Promise<LeftFile[]> {
  const entries = await unlessGone([], () => readdir(path, { withFileTypes: true }));
  const lists = entries.map(async (entry) => {
    const child = { name: `${name}/${entry.name}`, path: join(path, entry.name) };
    if (!entry.isDirectory()) return [child];
    const below = await walk(child.name, child.path);
    return below.length > 0 ? below : [{ ...child, name: `${child.name}/` }];
  });
  return (await Promise.all(lists)).flat();
}

/** Jobs that share their folders go on while one of them is looked at: what another has removed or renamed is not left. */
async function unlessGone<Found>(otherwise: Found, look: () => Promise<Found>): Promise<Found> {
  try {
    return await look();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return otherwise;
    throw error;
  }
}
