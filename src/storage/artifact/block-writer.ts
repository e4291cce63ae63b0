import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import type { BlockBlobClient } from '@azure/storage-blob';
import { watchStall } from '../../process/stall.ts';
import { UserError } from '../../errors.ts';
import { UnexpectedResponse } from '../../github/json.ts';
import { duration } from '../../runner/format.ts';
import { type RetryLimits, retryTransient } from '../../runner/retry-policy.ts';
import { storageError, uploadFailure } from './upload-error.ts';

const BLOCK_BYTES = 8 * 1024 * 1024;
const MOST_IN_FLIGHT = 4;
/** What the storage takes (Put Block List). */
const MOST_BLOCKS = 50_000;
const PIECE_BYTES = 256 * 1024;

/**
 * A storage that never answers takes 115 s: five attempts of 20 s without progress, and pauses of 1, 2, 4 and 8 s. So it is
 * given up, with its reason, within two minutes.
 */
const RETRIES: RetryLimits = { attempts: 5, attemptMs: 20_000, longestWaitMs: 0 };

/**
 * Sends a stream to a blob as blocks of 8 MiB, which nobody can see before {@link BlockWriter.commit}. Each carries its MD5, so
 * that the storage refuses a damaged one, which is sent again.
 *
 * It needs the memory of five blocks: four that are sent, and one that is filled.
 */
export class BlockWriter extends Writable {
  readonly #blob: BlockBlobClient;
  readonly #type: string;
  readonly #signal: AbortSignal;
  readonly #retries: RetryLimits;
  readonly #ids: string[] = [];
  readonly #free: Buffer[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #made = 0;
  #block: Buffer | undefined;
  #filled = 0;
  #progress = 0;

  constructor(blob: BlockBlobClient, type: string, signal: AbortSignal, retries = RETRIES) {
    super();
    this.#blob = blob;
    this.#type = type;
    this.#signal = signal;
    this.#retries = retries;
  }

  /** Grows while something is sent. */
  get progress(): number {
    return this.#progress;
  }

  /** Makes the blocks the blob. Call it after the end of the stream. */
  async commit(): Promise<void> {
    await this.#persistently(async (abortSignal) => {
      await this.#blob.commitBlockList(this.#ids, {
        abortSignal,
        blobHTTPHeaders: { blobContentType: this.#type },
      });
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
        done(uploadFailure(error));
      },
    );
  }

  async #take(chunk: Buffer): Promise<void> {
    for (let rest = chunk; rest.length > 0;) {
      this.#block ??= await this.#freeBlock();
      const taken = rest.copy(this.#block, this.#filled);
      this.#filled += taken;
      rest = rest.subarray(taken);
      if (this.#filled === BLOCK_BYTES) this.#send();
    }
  }

  async #freeBlock(): Promise<Buffer> {
    for (;;) {
      const block = this.#free.pop();
      if (block) return block;
      if (this.#made <= MOST_IN_FLIGHT) {
        this.#made += 1;
        return Buffer.allocUnsafeSlow(BLOCK_BYTES);
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
        this.destroy(uploadFailure(error));
        throw error;
      },
    );
    // Nobody may be waiting for it.
    sending.catch(() => undefined);
    this.#inFlight.add(sending);
  }

  async #stage(content: Buffer): Promise<void> {
    if (this.#ids.length === MOST_BLOCKS) throw tooLong();
    const id = Buffer.from(String(this.#ids.length).padStart(6, '0')).toString('base64');
    this.#ids.push(id);
    const transactionalContentMD5 = createHash('md5').update(content).digest();
    await this.#persistently(async (abortSignal, moved) => {
      const body = (): Readable => Readable.from(pieces(content, moved));
      await this.#blob.stageBlock(id, body, content.length, { abortSignal, transactionalContentMD5 });
      moved();
    });
  }

  /** Tries a request until it succeeds, is refused, or all attempts are used. One that makes no progress is ended. */
  async #persistently(request: (signal: AbortSignal, moved: () => void) => Promise<void>): Promise<void> {
    const { attemptMs } = this.#retries;
    await retryTransient(
      'The artifact storage',
      { signal: this.#signal, retries: this.#retries },
      async () => {
        const stall = watchStall(
          attemptMs,
          () => new UnexpectedResponse(`no data was transferred for ${duration(attemptMs)}`),
        );
        try {
          await request(AbortSignal.any([this.#signal, stall.signal]), () => {
            this.#progress += 1;
            stall.progress();
          });
        } catch (error) {
          stall.signal.throwIfAborted();
          throw storageError(error);
        } finally {
          stall.stop();
        }
      },
    );
  }
}

/** So that it is seen how far a block has come. */
function* pieces(content: Buffer, moved: () => void): Generator<Buffer> {
  for (let at = 0; at < content.length; at += PIECE_BYTES) {
    yield content.subarray(at, at + PIECE_BYTES);
    moved();
  }
}

function tooLong(): UserError {
  return new UserError(
    'storage',
    `The backup is longer than the ${MOST_BLOCKS * 8} MiB that an artifact can have.`,
    'Leave out tables that can be made again (exclude-table-data), or back up parts of the database in jobs of their own.',
  );
}
