import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Has V8 collect its youngest garbage after every so many bytes, which takes a millisecond.
 *
 * A stream makes a new buffer for each chunk. V8 sees only the small objects in front of them, and puts a collection
 * off until some 100 MB of dead buffers have piled up, which count as the memory of this process.
 *
 * @returns a function that is to be called with the size of each chunk.
 */
export function collectAfterEvery(bytes: number): (chunkBytes: number) => void {
  let sum = 0;
  return (chunkBytes) => {
    sum += chunkBytes;
    if (sum < bytes) return;
    sum = 0;
    collector ??= exposedCollector();
    collector({ type: 'minor' });
  };
}

type Collector = (options: { type: 'minor' }) => void;

let collector: Collector | undefined;

/**
 * V8 marks the whole heap when it has grown by a tenth and 12 MB, and buffers count, also those that wait to be freed. With a heap of
 * 10 MB that is after every 20 MB that are read, and costs as much processor time as reading them. It may grow threefold.
 */
const HEAP_GROWS_BY_PERCENT = 200;

/** What `node --expose-gc` offers, for a process that was started without it. */
function exposedCollector(): Collector {
  setFlagsFromString('--expose-gc');
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWS_BY_PERCENT}`);
  const gc: unknown = runInNewContext('gc');
  return isCollector(gc) ? gc : () => undefined;
}

function isCollector(value: unknown): value is Collector {
  return typeof value === 'function';
}
