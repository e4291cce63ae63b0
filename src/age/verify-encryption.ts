import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { type Measured, decryptContent } from './encrypted-file.ts';
import type { FileKey } from './file-key.ts';
import { explained, withFile } from './files.ts';
import { checkHeader, readHeader } from './header.ts';
import { PayloadError } from './payload.ts';

/**
 * Reads an encrypted file from the disk and checks that its header belongs to the file key, that every chunk decrypts,
 * and that the content is the archive that was read back.
 *
 * It uses the file key of the encryption. A runner with public keys only cannot check more: whether a
 * secret key unwraps the file key can be tried only by its owner.
 *
 * @param request.plaintextSha256 of the archive: 64 hex digits.
 * @returns size and SHA-256 of the encrypted file.
 * @throws UserError when the file is not that; the signal's reason when aborted.
 */
export async function verifyEncrypted(request: {
  readonly file: string;
  readonly fileKey: FileKey;
  readonly plaintextSha256: string;
  readonly signal: AbortSignal;
}): Promise<Measured> {
  const { file, fileKey, plaintextSha256, signal } = request;
  try {
    return await withFile(file, async (source) => {
      const header = await readHeader(source);
      await checkHeader(header, fileKey);
      const hash = createHash('sha256').update(header);
      let size = header.length;
      const content = await decryptContent({
        source,
        header,
        fileKey,
        read(bytes) {
          hash.update(bytes);
          size += bytes.length;
        },
        signal,
      });
      if (content.sha256 !== plaintextSha256) throw new PayloadError('its content differs');
      return { size, sha256: hash.digest('hex') };
    });
  } catch (error) {
    if (!(error instanceof PayloadError || error instanceof UserError))
      throw explained('The encrypted backup could not be read back', error);
    throw new UserError(
      'encryption',
      `The encrypted backup does not decrypt to the archive that was read back: ${error.message.replace(/\.$/, '')}.`,
      'Run the job again. If the error persists, check whether the disk of the runner is full or faulty.',
      { cause: error },
    );
  }
}
