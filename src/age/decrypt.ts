import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { UserError, cancelledOr, messageOf } from '../errors.ts';
import { collectAfterEvery } from '../process/garbage.ts';
import type { DecryptionKeys } from './age-inputs.ts';
import { openHeader, readHeader } from './header.ts';
import { NONCE_BYTES, PayloadError, decryptPayload } from './payload.ts';

const BLOCK_BYTES = 256 * 1024;
const COLLECT_BYTES = 8 * 1024 * 1024;

/**
 * Decrypts a file that this action or the `age` command has encrypted, in constant memory. `target` remains only if
 * the whole file decrypts; it is readable by its owner alone and must not exist yet.
 *
 * @throws UserError when no key fits, when the file is damaged or truncated, or when a file cannot be read or written; the
 *   signal's reason when aborted.
 */
export async function decryptFile(request: {
  readonly source: string;
  readonly target: string;
  readonly keys: DecryptionKeys;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { source, target, keys, signal } = request;
  signal.throwIfAborted();
  try {
    await using from = await open(source);
    const header = await readHeader(from);
    const fileKey = await openHeader(header, keys);
    const start = header.length + NONCE_BYTES;
    const { buffer: nonce, bytesRead } = await from.read(
      Buffer.alloc(NONCE_BYTES),
      0,
      NONCE_BYTES,
      header.length,
    );
    if (bytesRead < NONCE_BYTES) throw new PayloadError('its content is missing');
    const payload = decryptPayload(fileKey.payloadKey(nonce));
    await using to = await open(target, 'wx', 0o600);
    await pipeline(
      from.createReadStream({ start, highWaterMark: BLOCK_BYTES }),
      async function* (blocks: AsyncIterable<Buffer>) {
        const collect = collectAfterEvery(COLLECT_BYTES);
        for await (const block of blocks) {
          yield* payload.add(block);
          collect(block.length);
        }
        yield* payload.end();
      },
      to.createWriteStream({ highWaterMark: BLOCK_BYTES }),
      { signal },
    ).catch(async (error: unknown) => {
      await rm(target, { force: true });
      throw error;
    });
  } catch (error) {
    throw cancelledOr(signal, () => explained(error));
  }
}

/** Explains what is wrong with the content, a file or the disk; returns any other error unchanged. */
function explained(error: unknown): unknown {
  if (error instanceof PayloadError) {
    return new UserError(
      'encryption',
      `The encrypted file is damaged or incomplete: ${error.message}.`,
      'Download the file again. If the error persists, use another backup.',
      { cause: error },
    );
  }
  if (!Error.isError(error) || !('syscall' in error)) return error;
  return new UserError(
    'encryption',
    `The backup could not be decrypted: ${messageOf(error)}`,
    'Check that the disk has enough space and that the folder can be written.',
    { cause: error },
  );
}
