import { messageOf } from '../errors.ts';
import type { Consumer } from '../process/fan-out.ts';
import { log } from '../runner/log.ts';
import type { BackupRecord } from '../storage/record.ts';
import type { BackupWriter, BeginOptions, FileFacts, PendingBackup, StoredBackup } from '../storage/store.ts';

/**
 * The copies of a backup on their way into their stores: all of them become backups, or none. What has not become one by the
 * time this is disposed of is removed.
 */
export class PendingCopies implements AsyncDisposable {
  readonly #pending: PendingBackup[] = [];
  #isOver = false;

  /**
   * Begins a copy in every store, before there is anything to store.
   *
   * @throws UserError when a store refuses; then nothing is left in any.
   */
  static async begin(
    stores: readonly BackupWriter[],
    name: string,
    options: BeginOptions,
  ): Promise<PendingCopies> {
    const copies = new PendingCopies();
    try {
      for (const store of stores) copies.#pending.push(await store.begin(name, options));
    } catch (error) {
      await copies[Symbol.asyncDispose]();
      throw error;
    }
    return copies;
  }

  /** How many there are to be. */
  get count(): number {
    return this.#pending.length;
  }

  /** What takes the file. */
  get sinks(): readonly Consumer[] {
    return this.#pending.map(({ name, sink, progress }) => ({ name, stream: sink, progress }));
  }

  /**
   * Every store has the whole file.
   *
   * @returns why a copy could not be read back, a sentence each; none: all of them were.
   * @throws what {@link PendingBackup.commit} does.
   */
  async commit(file: FileFacts): Promise<readonly string[]> {
    const notReadBack: string[] = [];
    for (const copy of this.#pending) {
      const why = await copy.commit(file);
      if (why !== undefined) notReadBack.push(why);
    }
    return notReadBack;
  }

  /**
   * Makes all of them backups.
   *
   * @throws what {@link PendingBackup.finish} does; then {@link withdraw} them.
   */
  async finish(
    record: BackupRecord,
    onFinished: (copy: StoredBackup) => void,
  ): Promise<readonly StoredBackup[]> {
    const stored: StoredBackup[] = [];
    for (const copy of this.#pending) {
      const made = await copy.finish(record);
      stored.push(made);
      onFinished(made);
    }
    this.#isOver = true;
    return stored;
  }

  /** Removes them all, those too that are backups already. @returns why some could not be removed, a sentence each. */
  async withdraw(): Promise<readonly string[]> {
    if (this.#isOver) return [];
    this.#isOver = true;
    const results = await Promise.allSettled(this.#pending.map((copy) => copy.abort()));
    return results.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const why of await this.withdraw()) log.warning(why);
  }
}
