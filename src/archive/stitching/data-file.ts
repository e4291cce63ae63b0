import { type FileHandle, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, messageOf } from '../../errors.ts';
import { integerBytes } from '../toc/head.ts';
import { unstitchable } from '../unreadable.ts';

/** A file of a directory that `pg_dump` has written. */
export interface DataFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Changes when the file is replaced or written to. */
  readonly identity: string;
}

/** Every `pg_restore` takes chunks of any length, and keeps one in memory (`_CustomReadFunc` in pg_backup_custom.c). */
const CHUNK_BYTES = 1024 * 1024;
/** The length of a chunk, as an integer of the archive. */
export const LENGTH_BYTES = integerBytes(0).length;

/** @throws UserError when there is no such file. */
export async function dataFile(directory: string, name: string): Promise<DataFile> {
  const file = path.join(directory, name);
  const found = await attempt(name, () => stat(file, { bigint: true }));
  if (!found.isFile()) throw unstitchable(`${name} is not a file`);
  return { name, path: file, bytes: Number(found.size), identity: identityOf(found) };
}

/** @throws UserError when it is missing or cannot be opened. */
export function openDataFile({ name, path: file }: DataFile): Promise<FileHandle> {
  return attempt(name, () => open(file));
}

/** How long the chunks of so many bytes are. */
export function chunkedBytes(bytes: number): number {
  return bytes + Math.ceil(bytes / CHUNK_BYTES) * LENGTH_BYTES;
}

/** A chunk of an archive. */
export function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([integerBytes(bytes.length), bytes]);
}

/**
 * Opens a file, passes on what `read` makes of it, and requires that it has stayed as it was.
 *
 * @throws UserError when it has not; whatever `read` throws.
 */
export async function* readDataFile(
  file: DataFile,
  read: (handle: FileHandle) => AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  await using handle = await openDataFile(file);
  const requireSame = async (): Promise<void> => {
    if (identityOf(await handle.stat({ bigint: true })) !== file.identity) throw changed(file.name);
  };
  await requireSame();
  yield* read(handle);
  await requireSame();
}

/** Reads a part of a file as chunks of an archive; what is in them begins at {@link LENGTH_BYTES}. */
export async function* chunksOf(
  { name }: DataFile,
  handle: FileHandle,
  from: number,
  to: number,
): AsyncGenerator<Buffer> {
  for (let at = from; at < to;) {
    const length = Math.min(CHUNK_BYTES, to - at);
    const piece = Buffer.allocUnsafe(LENGTH_BYTES + length);
    integerBytes(length).copy(piece);
    await readFully(name, handle, piece.subarray(LENGTH_BYTES), at);
    at += length;
    yield piece;
  }
}

/** Fills a buffer. @throws UserError when the file ends before that. */
export async function readFully(name: string, handle: FileHandle, into: Buffer, from: number): Promise<void> {
  for (let read = 0; read < into.length;) {
    const { bytesRead } = await attempt(name, () => handle.read(into, read, into.length - read, from + read));
    if (bytesRead === 0) throw changed(name);
    read += bytesRead;
  }
}

/** The error for a file that is not as it was when the archive was planned. */
export function changed(name: string): Error {
  return unstitchable(`the file ${name} was changed meanwhile`);
}

async function attempt<T>(name: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw unstitchable(`the file ${name} is missing`);
    throw unstitchable(messageOf(error), error);
  }
}

interface FileState {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

function identityOf({ dev, ino, size, mtimeNs }: FileState): string {
  return [dev, ino, size, mtimeNs].join(' ');
}
