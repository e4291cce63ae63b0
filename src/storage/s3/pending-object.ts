import { createHash } from 'node:crypto';
import { UserError, cancelledOr, messageOf } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { recordName } from '../backup-file-name.ts';
import { BlockSink } from '../block-sink.ts';
import { finishedBackup } from '../file-with-record.ts';
import { type BackupRecord, serializeRecord } from '../record.ts';
import type { BeginOptions, FileFacts, PendingBackup, StoredBackup } from '../store.ts';
import { bucketName } from './bucket-place.ts';
import { MultipartUpload } from './multipart-upload.ts';
import { planParts } from './part-size.ts';
import { isDenied, putNew } from './record-object.ts';
import type { Bucket } from './s3-client.ts';
import { explainS3 } from './s3-error.ts';
import { s3Status } from './s3-reason.ts';
import { deleteObject, fileNameOf, hasContent, locationOf } from './stored-object.ts';
import {
  cleaningSignal,
  endLateParts,
  endTwins,
  endUploads,
  notDeleted,
  notEnded,
  noteFinished,
  noteUnfinished,
} from './unfinished-object.ts';

/**
 * Begins a backup in a bucket: an upload in parts, which nobody can see before it is completed.
 *
 * It is begun before there is anything to store, so that what is wrong with the bucket shows before a database is dumped.
 *
 * @throws UserError when the bucket refuses it; the signal's reason.
 */
export async function beginInBucket(
  bucket: Bucket,
  key: string,
  { signal, databaseBytes }: BeginOptions,
): Promise<PendingBackup> {
  noteUnfinished(bucket.place, key);
  try {
    const upload = await MultipartUpload.begin(bucket, key, signal);
    noteUnfinished(bucket.place, key, upload.id);
    // What cannot be ended now is ended a day later.
    if (upload.mayHaveTwin) await endTwins(bucket, key, upload.id, signal).catch(() => undefined);
    const plan = planParts(databaseBytes, bucket.rules.mostParts);
    return new PendingObject({ bucket, key, signal }, upload, plan);
  } catch (error) {
    await forget(bucket, key, error, signal);
    throw cancelledOr(signal, () => explainS3(error, `store ${fileNameOf(key)}`, bucket));
  }
}

/** An upload whose beginning was not answered may have begun. What cannot be ended is left to the post step. */
async function forget(bucket: Bucket, key: string, error: unknown, signal: AbortSignal): Promise<void> {
  const status = s3Status(error);
  try {
    if (status === undefined || status >= 500)
      await endUploads(bucket, key, undefined, cleaningSignal(signal));
    noteFinished(bucket.place, key);
  } catch {
    // The post step has more time.
  }
}

/** The object, and how long it is worked on. */
interface Work {
  readonly bucket: Bucket;
  readonly key: string;
  readonly signal: AbortSignal;
}

/** With the attempts that a bucket gets, a part is given up before the whole backup is, in which nothing moves for two minutes. */
const LONGEST_STALL_MS = 20_000;

class PendingObject implements PendingBackup {
  readonly name: string;
  readonly sink: BlockSink;
  readonly #work: Work;
  readonly #upload: MultipartUpload;
  readonly #aborted = new AbortController();
  /** What may be there for everyone to see: the object, and then its record. */
  readonly #visible: string[] = [];
  #isOver = false;

  constructor(work: Work, upload: MultipartUpload, plan: ReturnType<typeof planParts>) {
    this.#work = work;
    this.#upload = upload;
    this.name = bucketName(work.bucket.place);
    const signal = AbortSignal.any([work.signal, this.#aborted.signal]);
    const { retries } = work.bucket;
    const attemptMs = Math.min(retries.attemptMs, LONGEST_STALL_MS);
    this.sink = new BlockSink(upload.storage(plan), signal, { ...retries, attemptMs });
  }

  readonly progress = (): number => this.sink.progress;

  readonly commit = async (file: FileFacts): Promise<string | undefined> => {
    const { key, signal } = this.#work;
    if (file.size === 0) throw new Error('The archive is empty.');
    this.#visible.push(key);
    await this.#orExplain(() => this.#upload.complete(file.size, signal));
    const notReadBack = await this.#readBack(key, file);
    if (notReadBack === undefined)
      log.info(`Read back from ${this.name}: size and SHA-256 match the verified file`);
    return notReadBack;
  };

  readonly finish = async (record: BackupRecord): Promise<StoredBackup> => {
    const { bucket, key, signal } = this.#work;
    const beside = recordName(key);
    const content = serializeRecord(record);
    const sha256 = createHash('sha256').update(content).digest('hex');
    this.#visible.push(beside);
    const isNew = await this.#orExplain(() => putNew(bucket, { key: beside, content, sha256 }, signal));
    if (!isNew) {
      this.#visible.pop();
      throw exists(bucket, beside);
    }
    await this.#readBack(beside, { size: content.length, sha256 });
    noteFinished(bucket.place, key);
    return finishedBackup(fileNameOf(key), record, locationOf(bucket, key));
  };

  readonly abort = async (): Promise<void> => {
    if (this.#isOver) return;
    this.#isOver = true;
    const { bucket, key } = this.#work;
    const signal = cleaningSignal(this.#work.signal);
    const wasSending = this.sink.isSending;
    this.#aborted.abort();
    this.sink.on('error', () => undefined).destroy();
    // A part that is still sent would stay.
    await this.sink.settled();
    const problems: UserError[] = [];
    const orNote = async (work: Promise<unknown>, problem: (error: unknown) => UserError): Promise<unknown> =>
      work.catch((error: unknown) => {
        problems.push(problem(error));
      });
    const { id } = this.#upload;
    // What has ended can no longer become an object.
    await orNote(endUploads(bucket, key, id, signal), (error) => notEnded(bucket, key, error));
    // The record first: without it, the file is no backup.
    for (const visible of this.#visible.toReversed())
      await orNote(deleteObject(bucket, visible, signal), (error) => notDeleted(bucket, visible, error));
    if (wasSending) await endLateParts(bucket, key, id, signal);
    const [first, ...others] = problems;
    if (!first) noteFinished(bucket.place, key);
    else throw first.reworded({ message: (text) => [text, ...others.map(messageOf)].join(' ') });
  };

  /**
   * Reads what the bucket has, and compares it.
   *
   * @returns why it could not be read, where the credentials may not; undefined: it is the same.
   */
  async #readBack(key: string, file: FileFacts): Promise<string | undefined> {
    const { bucket, signal } = this.#work;
    try {
      const reading = { key, doing: `read back ${fileNameOf(key)}`, signal };
      if (!(await hasContent(bucket, file, reading))) throw differs(bucket, key);
    } catch (error) {
      if (isDenied(error)) return NOT_READ_BACK;
      throw error;
    }
    return undefined;
  }

  async #orExplain<T>(work: () => Promise<T>): Promise<T> {
    const { bucket, key, signal } = this.#work;
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      throw cancelledOr(signal, () => explainS3(error, `store ${fileNameOf(key)}`, bucket));
    }
  }
}

const NOT_READ_BACK =
  'The stored copy was not read back: the credentials may not read it (s3:GetObject). The storage accepted every part with its SHA-256.';

function differs({ place }: Bucket, key: string): UserError {
  return new UserError(
    'stored-copy-differs',
    `The object s3://${place.bucket}/${key} differs from the verified file: its size or SHA-256 is not the same.`,
    'Run the job again; if the error persists, the data is damaged in transit or in the storage.',
  );
}

function exists({ place }: Bucket, key: string): UserError {
  return new UserError(
    'storage',
    `storage: s3://${place.bucket}/${key} exists already, and is not of this backup.`,
    'Run the job again.',
  );
}
