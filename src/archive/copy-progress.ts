import { bytes, duration } from '../runner/format.ts';

/** Sizes on the server of the tables whose rows are copied, in bytes, by the name that the tools print with `--verbose`. */
export type TableSizes = ReadonlyMap<string, number>;

/** When progress is described. */
export interface Moment {
  readonly elapsedMs: number;
  readonly archiveBytes: number;
  /** Whether names of tables must not show. */
  readonly isSilent?: boolean;
}

/** The progress of a dump or a restore. Pure: the time and the size of the archive are passed to it. */
export interface CopyProgress {
  /** Reads a line that the tool printed with `--verbose`, and how many bytes of the archive it has written or read so far. */
  line(text: string, archiveBytes: number): void;
  /** One line for the log; undefined before the first table, and when there is nothing new since the last line. */
  describe(now: Moment): string | undefined;
}

/** How much smaller rows are in the archive than on the server, as long as this run has no ratio of its own. */
export const USUAL_RATIO = 4;
/** The progress within a table is estimated, so it never reaches the end before the table does. */
export const MOST_OF_A_TABLE = 0.95;

const DUMPED_TABLE = 'dumping contents of table "';
const RESTORED_TABLE = 'processing data for table "';
const FINISHED_TABLE = /finished item \d+ TABLE DATA /;
/** An object that is created before or after the rows, such as an index: `creating INDEX "public.users_name"`. */
const RESTORED_OBJECT = /((?:creating|executing) [A-Z].+|processing BLOBS)$/s;

/**
 * Follows a dump by the tables that it prints. Within one table, the progress is estimated from the growth of the archive,
 * at the ratio of the tables before it.
 */
export function dumpProgress(sizes: TableSizes): CopyProgress {
  return copyProgress(sizes, DUMPED_TABLE);
}

/**
 * Follows a restore with one connection: by the tables that it prints, and by the other objects that it prints, of which
 * building an index takes the longest.
 */
export function restoreProgress(sizes: TableSizes): CopyProgress {
  const rows = copyProgress(sizes, RESTORED_TABLE);
  let object: string | undefined;
  return {
    line(text, archiveBytes) {
      object =
        tableIn(text, RESTORED_TABLE) === undefined ? (RESTORED_OBJECT.exec(text)?.[1] ?? object) : undefined;
      rows.line(text, archiveBytes);
    },
    describe: (now) => (object === undefined || now.isSilent === true ? rows.describe(now) : `  ${object}`),
  };
}

/** Follows a restore with several connections: what was started last, and how many tables are complete. */
export function parallelProgress(tables: number): CopyProgress {
  let complete = 0;
  let latest: string | undefined;
  return {
    line(text) {
      if (FINISHED_TABLE.test(text)) complete += 1;
      latest = tableIn(text, RESTORED_TABLE) ?? RESTORED_OBJECT.exec(text)?.[1] ?? latest;
    },
    describe: ({ isSilent = false }) =>
      latest === undefined || isSilent
        ? undefined
        : `  ${complete} of ${tables} tables complete, started ${latest}`,
  };
}

/** One line for the log: the share, the amount, the rate, the time left, and the table. */
export function progressLine(progress: {
  readonly reached: number;
  readonly total: number;
  readonly elapsedMs: number;
  /** Undefined: it must not show. */
  readonly name: string | undefined;
}): string {
  const { total, elapsedMs, name } = progress;
  const reached = Math.min(progress.reached, total);
  if (total === 0 || reached === 0) return `  ${name ?? '0 %'}`;
  const perMs = reached / elapsedMs;
  const left = duration((total - reached) / perMs);
  return (
    `  ${String(Math.floor((100 * reached) / total)).padStart(3)} %  ${bytes(reached)} of ${bytes(total)}` +
    `  ${bytes(perMs * 1000)}/s  about ${left} left${name === undefined ? '' : `  ${name}`}`
  );
}

/** The table that `pg_dump` starts to dump with this line. */
export function dumpedTable(line: string): string | undefined {
  return tableIn(line, DUMPED_TABLE);
}

/** The name that a line ends with, in double quotes, after these words. */
function tableIn(text: string, before: string): string | undefined {
  const found = text.indexOf(before);
  const from = found + before.length;
  return found === -1 || from >= text.length || !text.endsWith('"') ? undefined : text.slice(from, -1);
}

function copyProgress(sizes: TableSizes, beforeTable: string): CopyProgress {
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  let archiveAtStart = 0;
  let current: { name: string; size: number } | undefined;
  let lastState = '';

  return {
    line(text, archiveBytes) {
      const name = tableIn(text, beforeTable);
      if (name === undefined) return;
      done += current?.size ?? 0;
      current = { name, size: sizes.get(name) ?? 0 };
      archiveAtStart = archiveBytes;
    },
    describe({ elapsedMs, archiveBytes, isSilent = false }) {
      if (!current) return undefined;
      const ratio = done > 0 && archiveAtStart > 0 ? done / archiveAtStart : USUAL_RATIO;
      const inTable = Math.min((archiveBytes - archiveAtStart) * ratio, current.size * MOST_OF_A_TABLE);
      const reached = done + inTable;
      const state = `${reached} ${current.name}`;
      if (state === lastState) return undefined;
      lastState = state;
      return progressLine({ reached, total, elapsedMs, name: isSilent ? undefined : current.name });
    },
  };
}
