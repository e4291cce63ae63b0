import { bytes, duration } from '../log/format.ts';

/** Sizes on the server of the tables whose rows are dumped, in bytes, by the name that `pg_dump --verbose` prints. */
export type TableSizes = ReadonlyMap<string, number>;

/** How far a dump is. Pure: the clock and the archive's size are told to it. */
export interface DumpProgress {
  /** Takes a line that `pg_dump --verbose` printed. */
  line(text: string, archiveBytes: number): void;
  /** One line for the log, or undefined before the first table. */
  describe(now: { elapsedMs: number; archiveBytes: number }): string | undefined;
}

/** How much smaller rows are in the archive than on the server, before this dump has shown its own ratio. */
const USUAL_SHRINKAGE = 4;
/** A table whose size is guessed from the archive's growth is never said to be complete before it is. */
const MOST_OF_A_TABLE = 0.95;

/**
 * Follows a dump by the tables that it names. Within one table the archive's growth tells how far it is, at the
 * ratio of the tables before it.
 */
export function dumpProgress(sizes: TableSizes): DumpProgress {
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  let archiveAtStart = 0;
  let current: { name: string; size: number } | undefined;

  return {
    line(text, archiveBytes) {
      const name = /dumping contents of table "(.*)"$/s.exec(text)?.[1];
      if (name === undefined) return;
      done += current?.size ?? 0;
      current = { name, size: sizes.get(name) ?? 0 };
      archiveAtStart = archiveBytes;
    },
    describe({ elapsedMs, archiveBytes }) {
      if (!current) return undefined;
      const shrinkage = done > 0 && archiveAtStart > 0 ? done / archiveAtStart : USUAL_SHRINKAGE;
      const inTable = Math.min((archiveBytes - archiveAtStart) * shrinkage, current.size * MOST_OF_A_TABLE);
      const reached = Math.min(done + inTable, total);
      if (total === 0 || reached === 0) return `  ${current.name}`;
      const perMs = reached / elapsedMs;
      const left = duration((total - reached) / perMs);
      return (
        `  ${String(Math.floor((100 * reached) / total)).padStart(3)} %  ${bytes(reached)} of ${bytes(total)}` +
        `  ${bytes(perMs * 1000)}/s  about ${left} left  ${current.name}`
      );
    },
  };
}
