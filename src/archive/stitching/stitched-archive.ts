import { opendir, rm } from 'node:fs/promises';
import { UserError } from '../../errors.ts';
import { plainLine } from '../../runner/plain-text.ts';
import {
  DIRECTORY_FORMAT,
  type DataPlace,
  type Head,
  NO_DATA,
  POSITION_SET,
  headBytes,
  inCustomFormat,
  readHead,
} from '../toc/head.ts';
import type { Reading, TocStart } from '../toc/toc-bytes.ts';
import { readStart } from '../toc/toc-file.ts';
import { unstitchable } from '../unreadable.ts';
import { type StreamFormat, streamFormat } from './archive-stream.ts';
import { type DataBlock, planBlock, requireName } from './data-block.ts';
import { dataFile } from './data-file.ts';
import { foreign } from './stream-end.ts';

/** A directory of `pg_dump --format=directory` as one archive in custom format. */
export interface StitchedArchive {
  /** Of the archive. */
  readonly bytes: number;
  /** Of the directory's files. */
  readonly directoryBytes: number;
  /** The archive piece by piece. Each file of the directory is deleted as soon as its last byte was passed on. */
  readonly read: (signal: AbortSignal) => AsyncGenerator<Buffer>;
}

const TOC = 'toc.dat';
const LARGE_OBJECT = /^blob_\d+\.dat/;
const POSITION_BYTES = 8;

/**
 * Plans the archive that `pg_dump --format=custom` would have written to a file: the same table of contents, with positions for
 * those who can seek, and the data in its order for those who cannot. Nothing is compressed anew.
 *
 * `pg_dump` must have ended: the positions follow from the sizes of its files.
 *
 * @throws UserError when a file is missing, or is not what pg_dump would write.
 */
export async function stitchArchive(directory: string): Promise<StitchedArchive> {
  const toc = await dataFile(directory, TOC);
  const directoryHead = await readToc(toc.path);
  const { header, entries } = directoryHead;
  const format = streamFormat(header);
  const blocks: DataBlock[] = [];
  for (const entry of entries) {
    if (entry.hasData) blocks.push(await planBlock(directory, entry, header.minor, format));
    else requireName(entry, '');
  }
  await requireNoOthers(directory, blocks, format);
  const { head, bytes } = withPositions(directoryHead, blocks);
  return {
    bytes,
    directoryBytes: blocks.reduce((sum, { fileBytes }) => sum + fileBytes, toc.bytes),
    async *read(signal) {
      signal.throwIfAborted();
      yield head;
      await rm(toc.path);
      for (const block of blocks) yield* block.read(signal);
    },
  };
}

async function readToc(path: string): Promise<Head> {
  try {
    return await readStart(path, wholeHead, new AbortController().signal);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message, cause } = error;
    throw unstitchable(message.replace(/^The archive cannot be read back: (.*)\.$/s, '$1'), cause);
  }
}

/** The table of contents of a directory is a file of its own. */
function* wholeHead(start: TocStart): Reading<Head> {
  const head = yield* readHead(start, DIRECTORY_FORMAT, (entry) => entry);
  if (yield* start.hasMore()) throw foreign(TOC);
  return head;
}

/** @throws UserError when the directory contains files that are not of the dump. */
async function requireNoOthers(
  directory: string,
  blocks: readonly DataBlock[],
  { suffix }: StreamFormat,
): Promise<void> {
  const names = new Set([TOC, ...blocks.map(({ file }) => file.name)]);
  let left = blocks.reduce((sum, { objects }) => sum + objects, 0);
  for await (const { name } of await opendir(directory)) {
    if (names.has(name)) continue;
    const isLargeObject = LARGE_OBJECT.test(name) && name.endsWith(`.dat${suffix}`);
    left -= 1;
    if (!isLargeObject || left < 0) throw unstitchable(`the file ${plainLine(name)} is not of this dump`);
  }
}

/** The head of the archive, in which each block has its position, and the length of the whole. */
function withPositions(
  directoryHead: Head,
  blocks: readonly DataBlock[],
): { readonly head: Buffer; readonly bytes: number } {
  const headWith = (positions: ReadonlyMap<number, number>): Buffer =>
    headBytes(
      inCustomFormat(directoryHead, ({ dumpId, hasData }) =>
        place(hasData ? positions.get(dumpId) : undefined, directoryHead.header.offsetBytes),
      ),
    );
  // As long as it will be.
  let end = headWith(new Map()).length;
  const positions = new Map<number, number>();
  for (const { dumpId, bytes } of blocks) {
    positions.set(dumpId, end);
    end += bytes;
  }
  return { head: headWith(positions), bytes: end };
}

function place(position: number | undefined, offsetBytes: number): DataPlace {
  const bytes = Buffer.alloc(POSITION_BYTES);
  bytes.writeBigUInt64LE(BigInt(position ?? 0));
  const state = position === undefined ? NO_DATA : POSITION_SET;
  return { kind: 'position', state, position: bytes.subarray(0, offsetBytes) };
}
