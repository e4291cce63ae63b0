import { rm } from 'node:fs/promises';
import { type RawEntry, integerBytes } from '../toc/head.ts';
import type { StreamFormat } from './archive-stream.ts';
import { type DataFile, changed, dataFile, readDataFile } from './data-file.ts';
import { LargeObjectsIdentity, largeObjects, oidBytes } from './large-object-list.ts';
import { foreign } from './stream-end.ts';

/** The data of an entry, as a block of the archive. */
export interface DataBlock {
  readonly dumpId: number;
  /** In the archive. */
  readonly bytes: number;
  /** Of its files. */
  readonly fileBytes: number;
  /** Of the entry itself: its rows, or the list of its large objects. */
  readonly file: DataFile;
  /** How many large objects it has; 0 for rows. */
  readonly objects: number;
  /** The block piece by piece. Each of its files is deleted when it was passed on. */
  readonly read: (signal: AbortSignal) => AsyncGenerator<Buffer>;
}

/** The types of block (`BLK_DATA` and `BLK_BLOBS` in pg_backup_custom.c). */
const ROWS = 1;
const LARGE_OBJECTS = 3;
/** Ends a stream, and the large objects of a block. */
const END = integerBytes(0);
const HEAD_BYTES = 1 + END.length;
/** Before it, all large objects are of one entry. */
const FIRST_MINOR_WITH_LISTS = 16;

/**
 * Finds the data of an entry in a directory.
 *
 * @throws UserError when a file is missing, or has another name than `pg_dump` gives it (`_ArchiveEntry` in
 *   pg_backup_directory.c).
 */
export async function planBlock(
  directory: string,
  entry: RawEntry,
  minor: number,
  format: StreamFormat,
): Promise<DataBlock> {
  const { dumpId, kind, copyStatement } = entry;
  if (kind.toString('latin1') !== 'BLOBS') {
    const name = `${dumpId}.dat`;
    requireName(entry, name);
    const file = await dataFile(directory, name + format.suffix);
    return rowsBlock(dumpId, file, format, copyStatement.length > 0);
  }
  const name = minor >= FIRST_MINOR_WITH_LISTS ? `blobs_${dumpId}.toc` : 'blobs.toc';
  requireName(entry, name);
  return largeObjectsBlock(directory, dumpId, await dataFile(directory, name), format);
}

/** @throws UserError when an entry does not name this file; an entry without data names none. */
export function requireName({ place }: RawEntry, name: string): void {
  const found = place.kind === 'file' ? (place.name?.toString('latin1') ?? '') : undefined;
  if (found !== name) throw foreign('toc.dat');
}

function rowsBlock(dumpId: number, file: DataFile, format: StreamFormat, hasRows: boolean): DataBlock {
  return {
    ...{ dumpId, file, fileBytes: file.bytes, objects: 0 },
    bytes: HEAD_BYTES + format.bytes(file) + END.length,
    async *read(signal) {
      yield blockHead(ROWS, dumpId);
      yield* passedOn(file, format, hasRows, signal);
      yield END;
    },
  };
}

async function largeObjectsBlock(
  directory: string,
  dumpId: number,
  list: DataFile,
  format: StreamFormat,
): Promise<DataBlock> {
  const planned = new LargeObjectsIdentity();
  let [bytes, fileBytes, objects] = [HEAD_BYTES, list.bytes, 0];
  for await (const object of largeObjects(directory, list, format.suffix)) {
    planned.add(object);
    bytes += END.length + format.bytes(object.file) + END.length;
    fileBytes += object.file.bytes;
    objects += 1;
  }
  const identity = planned.digest();
  return {
    ...{ dumpId, file: list, fileBytes, objects },
    bytes: bytes + END.length,
    async *read(signal) {
      const read = new LargeObjectsIdentity();
      yield blockHead(LARGE_OBJECTS, dumpId);
      for await (const object of largeObjects(directory, list, format.suffix)) {
        read.add(object);
        yield oidBytes(object.oid);
        yield* passedOn(object.file, format, false, signal);
        yield END;
      }
      if (read.digest() !== identity) throw changed(list.name);
      yield END;
      await rm(list.path);
    },
  };
}

/** A file as chunks of the archive; deleted when the last one was taken. */
async function* passedOn(
  file: DataFile,
  format: StreamFormat,
  hasRows: boolean,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const piece of readDataFile(file, (handle) => format.read(file, handle, hasRows))) {
    signal.throwIfAborted();
    yield piece;
  }
  await rm(file.path);
}

function blockHead(type: number, dumpId: number): Buffer {
  return Buffer.concat([Buffer.of(type), integerBytes(dumpId)]);
}
