import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { asError } from '../errors.ts';
import { writeAll } from './write-all.ts';

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
    const buffers = chunks.map(({ chunk }) => chunk);
    const written = writeAll(this.#file, buffers).then(() => {
      for (const { length } of buffers) this.#bytesWritten += length;
    });
    this.#settle(written, done);
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
