import { UserError } from '../errors.ts';
import { writeAll } from '../process/write-all.ts';
import type { DecryptionKeys } from './age-inputs.ts';
import { type Measured, decryptContent } from './encrypted-file.ts';
import { openHeader, readHeader } from './header.ts';
import { explained, fillNewFile, withFile } from './files.ts';
import { PayloadError } from './payload.ts';

/**
 * Decrypts a file that this action or the `age` command has encrypted, in constant memory. `target` remains only if
 * the whole file decrypts; it is readable by its owner alone and must not exist yet.
 *
 * @returns size and SHA-256 of the content.
 * @throws UserError when no key fits, when the file is damaged or truncated, or when a file cannot be read or written; the
 *   signal's reason when aborted.
 */
export async function decryptFile(request: {
  readonly source: string;
  readonly target: string;
  readonly keys: DecryptionKeys;
  readonly signal: AbortSignal;
}): Promise<Measured> {
  const { source, target, keys, signal } = request;
  signal.throwIfAborted();
  try {
    return await withFile(source, async (from) => {
      const header = await readHeader(from);
      const fileKey = await openHeader(header, keys);
      return fillNewFile(target, (to) =>
        decryptContent({
          source: from,
          header,
          fileKey,
          write: (buffers) => writeAll(to, buffers),
          signal,
        }),
      );
    });
  } catch (error) {
    if (error instanceof PayloadError) {
      throw new UserError(
        'encryption',
        `The encrypted file is damaged or incomplete: ${error.message}.`,
        'Download the file again. If the error persists, use another backup.',
        { cause: error },
      );
    }
    throw explained('The backup could not be decrypted', error);
  }
}
