import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Encryption } from '../../src/age/age-inputs.ts';
import { EncryptionStream } from '../../src/age/encryption-stream.ts';
import { FanOut } from '../../src/process/fan-out.ts';
import { collectAfterEvery } from '../../src/process/garbage.ts';

/** Encrypts a file as the action encrypts a dump on its way. */
export async function encryptFile(request: {
  readonly source: string;
  readonly target: string;
  readonly encryption: Encryption;
}): Promise<void> {
  const { source, target, encryption } = request;
  const stream = await EncryptionStream.begin(encryption);
  const file = createWriteStream(target, { flags: 'wx', mode: 0o600 });
  // In the action, run() does so while it reads the output of pg_restore.
  const collect = collectAfterEvery(4 * 1024 * 1024);
  const look = ({ length }: Buffer): void => {
    collect(length);
  };
  await Promise.all([
    pipeline(createReadStream(source), new FanOut([{ name: 'the encryption', stream }], look)),
    pipeline(stream, new FanOut([{ name: 'the file', stream: file }])),
  ]);
}
