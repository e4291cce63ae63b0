import { Writable } from 'node:stream';
import { UserError, asError } from '../errors.ts';

/** One of several that get the same bytes. */
export interface Consumer {
  /** For messages: `pg_restore`. */
  readonly name: string;
  /** Anything that goes wrong with it ends the whole. */
  readonly stream: Writable;
  /** A value that changes while it makes progress, although it takes no bytes; how much waits in front of it when absent. */
  readonly progress?: () => string | number;
}

/**
 * As many bytes are passed on at once: `pg_dump` writes 4 kB at a time, and each piece would cost every consumer a call, and
 * `pg_restore` being woken up.
 */
const BATCH_BYTES = 256 * 1024;
/** As many bytes wait here while the consumers are busy; they then get them all at once. */
const WAITING_BYTES = 1024 * 1024;
const LOOK_EVERY_MS = 5_000;
/** Two minutes. */
const LOOKS_BEFORE_END = 24;

/**
 * Gives the same bytes to several consumers at once. The slowest sets the pace, and nothing piles up in front of it; one
 * that makes no progress for two minutes ends the whole, by its name.
 */
export class FanOut extends Writable {
  readonly #consumers: readonly Consumer[];
  readonly #look: (chunk: Buffer) => void;
  /** Those that are waited for, and how long they have shown the same progress. */
  readonly #awaited = new Map<Consumer, { progress: string | number; looks: number }>();
  readonly #watch: NodeJS.Timeout;
  #bytes = 0;
  #batch: Buffer[] = [];
  #batchBytes = 0;

  /** @param look gets each chunk before the consumers do; what it throws ends the whole. */
  constructor(consumers: readonly Consumer[], look: (chunk: Buffer) => void = () => undefined) {
    super({ highWaterMark: WAITING_BYTES });
    this.#consumers = consumers;
    this.#look = look;
    this.#watch = setInterval(() => {
      this.#lookAtAwaited();
    }, LOOK_EVERY_MS);
    for (const { name, stream } of consumers) {
      stream.once('error', (error) => this.destroy(error));
      stream.once('close', () => {
        if (!stream.writableFinished) this.destroy(new Error(`${name} has closed before the end.`));
      });
    }
  }

  /** How many bytes have come. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a consumer makes the others wait. */
  get isHeldUp(): boolean {
    return this.#awaited.size > 0;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this._writev([{ chunk }], done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error) => void): void {
    for (const { chunk } of chunks) {
      this.#bytes += chunk.length;
      this.#batchBytes += chunk.length;
      this.#batch.push(chunk);
    }
    if (this.#batchBytes < BATCH_BYTES) done();
    else this.#passOn(done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#passOn((error) => {
      if (error) {
        done(error);
        return;
      }
      for (const { stream } of this.#consumers) stream.end();
      this.#whenAll('finish', ({ stream }) => stream.writableFinished, done);
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.#watch);
    this.#awaited.clear();
    done(error);
  }

  /** Gives what has come to every consumer, and calls back when they may get more. */
  #passOn(done: (error?: Error) => void): void {
    const batch = Buffer.concat(this.#batch);
    [this.#batch, this.#batchBytes] = [[], 0];
    try {
      if (batch.length > 0) this.#look(batch);
    } catch (error) {
      done(asError(error));
      return;
    }
    for (const { stream } of this.#consumers) if (batch.length > 0) stream.write(batch);
    this.#whenAll('drain', ({ stream }) => !stream.writableNeedDrain, done);
  }

  /** Calls back when an event has come from every consumer, but for those that need none. */
  #whenAll(event: 'drain' | 'finish', isReady: (consumer: Consumer) => boolean, done: () => void): void {
    const busy = this.#consumers.filter((consumer) => !isReady(consumer));
    if (busy.length === 0) done();
    for (const consumer of busy) {
      this.#awaited.set(consumer, { progress: progressOf(consumer), looks: 0 });
      consumer.stream.once(event, () => {
        this.#awaited.delete(consumer);
        if (this.#awaited.size === 0 && !this.destroyed) done();
      });
    }
  }

  #lookAtAwaited(): void {
    for (const [consumer, last] of this.#awaited) {
      const progress = progressOf(consumer);
      const looks = progress === last.progress ? last.looks + 1 : 0;
      this.#awaited.set(consumer, { progress, looks });
      if (looks >= LOOKS_BEFORE_END) this.destroy(stalled(consumer));
    }
  }
}

function progressOf({ stream, progress }: Consumer): string | number {
  return progress?.() ?? stream.writableLength;
}

function stalled({ name }: Consumer): UserError {
  return new UserError(
    'no-progress',
    `The backup makes no progress: ${name} has taken no data for two minutes.`,
    'Run the job again. If the error persists, look at what the runner lacks: processor time, memory, its network.',
    { silent: 'same' },
  );
}
