import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 1_000;

/** The files of a folder that grows, as they were at the last look. */
export interface FolderUsage extends AsyncDisposable {
  /** Bytes by name. */
  readonly files: ReadonlyMap<string, number>;
  readonly bytes: number;
}

/**
 * Looks at a folder every second, until it is disposed of. It may not exist yet.
 *
 * @param isComplete whether a file does not grow any more, given its name: it is not looked at again.
 */
export function watchFolder(folder: string, isComplete: (file: string) => boolean): FolderUsage {
  const files = new Map<string, number>();
  const complete = new Set<string>();
  const stopped = new AbortController();
  let bytes = 0;
  const look = async (): Promise<void> => {
    for (const file of await readdir(folder).catch(() => [])) {
      if (stopped.signal.aborted) return;
      if (complete.has(file)) continue;
      const wasComplete = isComplete(file);
      const size = (await stat(path.join(folder, file)).catch(() => undefined))?.size ?? 0;
      bytes += size - (files.get(file) ?? 0);
      files.set(file, size);
      if (wasComplete) complete.add(file);
    }
  };
  const watching = async (): Promise<void> => {
    for (;;) {
      await look();
      await pause(LOOK_EVERY_MS, undefined, { signal: stopped.signal });
    }
  };
  const ended = watching().catch(() => {
    // It was stopped.
  });
  return {
    files,
    get bytes() {
      return bytes;
    },
    [Symbol.asyncDispose]() {
      stopped.abort();
      return ended;
    },
  };
}
