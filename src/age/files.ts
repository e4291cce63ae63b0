import { type FileHandle, open, rm } from 'node:fs/promises';
import { UserError, messageOf } from '../errors.ts';

/**
 * Creates a file that must not exist yet, readable by its owner only (0600), and fills it. If that fails, the file is
 * removed.
 */
export async function fillNewFile<T>(path: string, fill: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'wx', 0o600);
  try {
    try {
      return await fill(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Opens a file for reading, and closes it whatever happens. */
export async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

/** Explains an error of a file or disk; returns any other unchanged. */
export function explained(what: string, error: unknown): unknown {
  if (!Error.isError(error) || !('syscall' in error)) return error;
  return new UserError(
    'encryption',
    `${what}: ${messageOf(error)}`,
    'Check that the disk has enough space and that the folder can be written.',
    { cause: error },
  );
}
