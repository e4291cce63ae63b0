import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { asError } from '../errors.ts';

/** A new file, readable by its owner only (0600), that is written as a stream and is on the disk when the stream has finished. */
export class FileSink extends Writable {
  readonly #file: FileHandle;
  readonly #explain: (error: Error) => Error;
  #bytesWritten = 0;

  private constructor(file: FileHandle, explain: (error: Error) => Error) {
    super({ highWaterMark: 1024 * 1024 });
    this.#file = file;
    this.#explain = explain;
  }

  /**
   * @param path must not exist yet.
   * @param explain makes the error of the stream from that of the disk.
   */
  static async create(path: string, explain: (error: Error) => Error = (error) => error): Promise<FileSink> {
    return new FileSink(await open(path, 'wx', 0o600), explain);
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this._writev([{ chunk }], done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#settle(this.#writeAll(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#settle(this.#file.sync(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    void this.#file.close().then(
      () => {
        done(error);
      },
      (failure: unknown) => {
        done(error ?? asError(failure));
      },
    );
  }

  async #writeAll(buffers: readonly Buffer[]): Promise<void> {
    const size = buffers.reduce((sum, { length }) => sum + length, 0);
    if (size === 0) return;
    const { bytesWritten } = await this.#file.writev(buffers);
    this.#bytesWritten += bytesWritten;
    if (bytesWritten <= 0) throw new Error('No bytes could be written to the disk.');
    // A disk that is nearly full accepts a part; writing the rest then fails with the reason.
    if (bytesWritten < size) await this.#writeAll([Buffer.concat(buffers).subarray(bytesWritten)]);
  }

  #settle(work: Promise<void>, done: (error?: Error | null) => void): void {
    void work.then(
      () => {
        done();
      },
      (error: unknown) => {
        done(this.#explain(asError(error)));
      },
    );
  }
}
