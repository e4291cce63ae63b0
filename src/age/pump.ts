import type { FileHandle } from 'node:fs/promises';

/** How many chunks of the payload are read at a time: about 1 MiB, which stays in the processor's cache. */
export const CHUNKS_PER_BLOCK = 16;

/** How a file is converted into another one. */
export interface PumpRequest {
  readonly source: FileHandle;
  /** Where reading starts. */
  readonly position: number;
  /** How many bytes are read at a time. */
  readonly blockBytes: number;
  /** Gets what was read; what it returns is written. The input is overwritten afterwards. */
  readonly add: (block: Uint8Array) => readonly Buffer[];
  /** What is written at the end. */
  readonly end: () => readonly Buffer[];
  /** Gets the buffers in order; they are freed afterwards. */
  readonly write: (buffers: readonly Buffer[]) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Reads a file in blocks, converts them, and passes them on: while one block is converted, the previous one is
 * written and the next is read, in the threads of Node.js. It needs the memory of a few blocks.
 *
 * @throws what the functions throw; the signal's reason when it was aborted.
 */
export async function pump(request: PumpRequest): Promise<void> {
  const { source, blockBytes, signal } = request;
  let [block, spare] = [Buffer.allocUnsafeSlow(blockBytes), Buffer.allocUnsafeSlow(blockBytes)];
  let position = request.position;
  const fill = async (buffer: Buffer): Promise<number> => {
    const { bytesRead } = await source.read(buffer, 0, blockBytes, position);
    position += bytesRead;
    return bytesRead;
  };
  const pass = async (buffers: readonly Buffer[]): Promise<void> => {
    await request.write(buffers);
    free(buffers);
  };

  let done: readonly Buffer[] = [];
  for (let filled = await fill(block); filled > 0; [block, spare] = [spare, block]) {
    signal.throwIfAborted();
    const meanwhile = Promise.all([fill(spare), pass(done)]);
    // If the code below throws first, nothing waits for these but closing the files.
    meanwhile.catch(() => undefined);
    done = request.add(block.subarray(0, filled));
    [filled] = await meanwhile;
  }
  signal.throwIfAborted();
  await pass(done);
  await pass(request.end());
}

/**
 * Frees the memory of large buffers at once. With garbage collection alone, each chunk would be written into
 * fresh memory, which takes as long as the encryption itself (measured: 109 MB in 105 ms against 55 ms).
 */
function free(buffers: readonly Buffer[]): void {
  for (const { buffer, byteLength } of buffers) {
    if (byteLength >= LARGE_BYTES && buffer.byteLength === byteLength && 'transfer' in buffer)
      buffer.transfer(0);
  }
}

/** Far above what Node.js takes from its shared pool. */
const LARGE_BYTES = 32 * 1024;
