import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlockBlobClient } from '@azure/storage-blob';
import { UserError } from '../../errors.ts';
import { type Attempt, BlockSink, piecesOf } from '../block-sink.ts';
import { storageError, uploadFailure } from './upload-error.ts';

const BLOCK_BYTES = 8 * 1024 * 1024;
const MOST_IN_FLIGHT = 4;
/** What the storage takes (Put Block List). */
const MOST_BLOCKS = 50_000;

/** A blob on its way. */
export interface BlobBlocks {
  /** Takes its content. */
  readonly sink: BlockSink;
  /** Makes the blocks the blob. Call it after the end of the sink. */
  readonly commit: () => Promise<void>;
}

/**
 * Takes a blob as blocks of 8 MiB, which nobody can see before it is committed. Each carries its MD5, so that the storage
 * refuses a damaged one, which is sent again.
 */
export function blobBlocks(blob: BlockBlobClient, type: string, signal: AbortSignal): BlobBlocks {
  const ids: string[] = [];
  const sink = new BlockSink(
    {
      name: 'The artifact storage',
      blockBytes: BLOCK_BYTES,
      mostInFlight: MOST_IN_FLIGHT,
      mostBlocks: MOST_BLOCKS,
      stage(content, index) {
        const id = Buffer.from(String(index).padStart(6, '0')).toString('base64');
        ids.push(id);
        const transactionalContentMD5 = createHash('md5').update(content).digest();
        return orStorageError(async ({ signal: abortSignal, moved }) => {
          const body = (): Readable => Readable.from(piecesOf(content, { moved }));
          await blob.stageBlock(id, body, content.length, { abortSignal, transactionalContentMD5 });
          moved();
        });
      },
      explain: uploadFailure,
      tooLong,
    },
    signal,
  );
  const commitBlocks = orStorageError(async ({ signal: abortSignal }) => {
    await blob.commitBlockList(ids, { abortSignal, blobHTTPHeaders: { blobContentType: type } });
  });
  return { sink, commit: () => sink.persistently(commitBlocks) };
}

function orStorageError(request: (attempt: Attempt) => Promise<void>): (attempt: Attempt) => Promise<void> {
  return async (attempt) => {
    try {
      await request(attempt);
    } catch (error) {
      throw storageError(error);
    }
  };
}

function tooLong(): UserError {
  return new UserError(
    'storage',
    `The backup is longer than the ${MOST_BLOCKS * 8} MiB that an artifact can have.`,
    'Leave out tables that can be made again (exclude-table-data), or back up parts of the database in jobs of their own.',
  );
}
