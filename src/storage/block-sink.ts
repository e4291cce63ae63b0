import { Writable } from 'node:stream';
import { UnexpectedResponse } from '../github/json.ts';
import { watchStall } from '../process/stall.ts';
import { duration } from '../runner/format.ts';
import { type RetryLimits, retryTransient } from '../runner/retry-policy.ts';

const PIECE_BYTES = 256 * 1024;

/**
 * A storage that never answers takes 115 s: five attempts of 20 s without progress, and pauses of 1, 2, 4 and 8 s. So it is
 * given up, with its reason, within two minutes.
 */
const RETRIES: RetryLimits = { attempts: 5, attemptMs: 20_000, longestWaitMs: 0 };

/** What an attempt at a request gets. */
export interface Attempt {
  /** Ends it: the job is over, or it makes no progress. */
  readonly signal: AbortSignal;
  /** To be called at each progress. */
  readonly moved: () => void;
}

/** A storage that takes a file as blocks of equal size. */
export interface BlockStorage {
  /** For the log: `The artifact storage`. */
  readonly name: string;
  readonly blockBytes: number;
  readonly mostInFlight: number;
  readonly mostBlocks: number;
  /**
   * Called with the blocks in their order.
   *
   * @param index of the block, from 0.
   * @returns an attempt to send it, which may have to be repeated; a UserError of it is final.
   */
  readonly stage: (content: Buffer, index: number) => (attempt: Attempt) => Promise<void>;
  /** The error of the stream. */
  readonly explain: (error: unknown) => Error;
  /** The error for a file that needs more blocks. */
  readonly tooLong: () => Error;
}

/**
 * Sends a stream to a storage as blocks of equal size, which nobody can see yet.
 *
 * It needs the memory of the blocks that are sent at once, and of one that is filled.
 */
export class BlockSink extends Writable {
  readonly #storage: BlockStorage;
  readonly #signal: AbortSignal;
  readonly #retries: RetryLimits;
  readonly #free: Buffer[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #made = 0;
  #staged = 0;
  #block: Buffer | undefined;
  #filled = 0;
  #progress = 0;

  constructor(storage: BlockStorage, signal: AbortSignal, retries = RETRIES) {
    super();
    this.#storage = storage;
    this.#signal = signal;
    this.#retries = retries;
  }

  /** Grows while something is sent. */
  get progress(): number {
    return this.#progress;
  }

  /** Whether blocks are on their way. */
  get isSending(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Waits until nothing is sent any more, whatever became of it. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
  }

  /** Tries a request until it succeeds, is refused, or all attempts are used. One that makes no progress is ended. */
  async persistently(request: (attempt: Attempt) => Promise<void>): Promise<void> {
    const { attemptMs } = this.#retries;
    await retryTransient(this.#storage.name, { signal: this.#signal, retries: this.#retries }, async () => {
      const stall = watchStall(
        attemptMs,
        () => new UnexpectedResponse(`no data was transferred for ${duration(attemptMs)}`),
      );
      try {
        await request({
          signal: AbortSignal.any([this.#signal, stall.signal]),
          moved: () => {
            this.#progress += 1;
            stall.progress();
          },
        });
      } catch (error) {
        stall.signal.throwIfAborted();
        throw error;
      } finally {
        stall.stop();
      }
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const block = this.#block;
    if (block && this.#filled + chunk.length < block.length) {
      this.#filled += chunk.copy(block, this.#filled);
      done();
    } else
      void this.#take(chunk).then(() => {
        done();
      }, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#filled > 0) this.#send();
    void Promise.all(this.#inFlight).then(
      () => {
        done();
      },
      (error: unknown) => {
        done(this.#storage.explain(error));
      },
    );
  }

  async #take(chunk: Buffer): Promise<void> {
    for (let rest = chunk; rest.length > 0;) {
      this.#block ??= await this.#freeBlock();
      const taken = rest.copy(this.#block, this.#filled);
      this.#filled += taken;
      rest = rest.subarray(taken);
      if (this.#filled === this.#storage.blockBytes) this.#send();
    }
  }

  async #freeBlock(): Promise<Buffer> {
    for (;;) {
      const block = this.#free.pop();
      if (block) return block;
      if (this.#made <= this.#storage.mostInFlight) {
        this.#made += 1;
        return Buffer.allocUnsafeSlow(this.#storage.blockBytes);
      }
      await Promise.race(this.#inFlight);
    }
  }

  /** Begins to send the block that is filled. */
  #send(): void {
    const block = this.#block;
    if (!block) return;
    const content = block.subarray(0, this.#filled);
    [this.#block, this.#filled] = [undefined, 0];
    const sending = this.#stage(content).then(
      () => {
        this.#inFlight.delete(sending);
        this.#free.push(block);
      },
      (error: unknown) => {
        const explained = this.#storage.explain(error);
        this.destroy(explained);
        throw explained;
      },
    );
    // Nobody may be waiting for it.
    sending.catch(() => undefined);
    this.#inFlight.add(sending);
  }

  async #stage(content: Buffer): Promise<void> {
    const index = this.#staged++;
    if (index === this.#storage.mostBlocks) throw this.#storage.tooLong();
    await this.persistently(this.#storage.stage(content, index));
  }
}

/** The content of a block piece by piece, so that it is seen how far it has come. */
export function* piecesOf(content: Buffer, { moved }: Pick<Attempt, 'moved'>): Generator<Buffer> {
  for (let at = 0; at < content.length; at += PIECE_BYTES) {
    yield content.subarray(at, at + PIECE_BYTES);
    moved();
  }
}
