import {
  MOST_OF_A_TABLE,
  type TableSizes,
  USUAL_RATIO,
  dumpedTable,
  progressLine,
} from '../../archive/copy-progress.ts';
import { someOf } from '../../runner/format.ts';

/** The progress of a dump with several connections into a folder. Pure: the time and the files are passed to it. */
export interface ParallelDumpProgress {
  /** Reads a line that `pg_dump` printed with `--verbose`. */
  line(text: string): void;
  /** Whether this file does not grow any more, as far as that is worth knowing. */
  readonly isComplete: (file: string) => boolean;
  /** One line for the log; undefined before the first table, and when there is nothing new since the last line. */
  describe(now: {
    readonly elapsedMs: number;
    /** Bytes by name. */
    readonly files: ReadonlyMap<string, number>;
    /** Whether names of tables must not show. */
    readonly isSilent: boolean;
  }): string | undefined;
}

const FINISHED = /finished item (\d+) TABLE DATA (.*)$/s;
/** Each is a file of its own, and there may be millions. */
const LARGE_OBJECT = 'blob_';
const MOST_NAMED = 3;

/**
 * Follows such a dump by the tables that it prints as started and as finished. Within those that are being dumped, the progress is
 * estimated from the growth of their files, at the ratio of the finished ones.
 */
export function parallelDumpProgress(sizes: TableSizes): ParallelDumpProgress {
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const running = new Set<string>();
  const finished = new Set<string>();
  let done = 0;
  let hasBegun = false;
  let lastState = '';
  const isFinished = (file: string): boolean => finished.has(file.split('.', 1)[0] ?? '');
  const isComplete = (file: string): boolean => isFinished(file) || file.startsWith(LARGE_OBJECT);
  const sizesOf = (names: Iterable<string>): number =>
    [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);

  return {
    isComplete,
    line(text) {
      const started = dumpedTable(text);
      if (started !== undefined) {
        hasBegun = true;
        running.add(started);
      }
      const [, id, tag] = FINISHED.exec(text) ?? [];
      if (id === undefined || tag === undefined) return;
      finished.add(id);
      // It prints no schema here.
      const name = [...running].find((other) => other.endsWith(`.${tag}`));
      if (name === undefined) return;
      running.delete(name);
      done += sizesOf([name]);
    },
    describe({ elapsedMs, files, isSilent }) {
      if (!hasBegun) return undefined;
      const [complete, growing] = [sum(files, isFinished), sum(files, (file) => !isComplete(file))];
      const ratio = done > 0 && complete > 0 ? done / complete : USUAL_RATIO;
      const reached = done + Math.min(growing * ratio, sizesOf(running) * MOST_OF_A_TABLE);
      const named = someOf([...running], MOST_NAMED);
      const state = `${reached} ${named}`;
      if (state === lastState) return undefined;
      lastState = state;
      return progressLine({ reached, total, elapsedMs, name: isSilent ? undefined : named });
    },
  };
}

function sum(files: ReadonlyMap<string, number>, of: (file: string) => boolean): number {
  return [...files].reduce((bytes, [file, size]) => bytes + (of(file) ? size : 0), 0);
}
