import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Encryption } from '../../src/age/age-inputs.ts';
import { EncryptionStream } from '../../src/age/encryption-stream.ts';

/** Encrypts a file as the action encrypts a dump on its way. */
export async function encryptFile(request: {
  readonly source: string;
  readonly target: string;
  readonly encryption: Encryption;
}): Promise<void> {
  const { source, target, encryption } = request;
  const file = createWriteStream(target, { flags: 'wx', mode: 0o600 });
  await pipeline(createReadStream(source), await EncryptionStream.begin(encryption), file);
}
