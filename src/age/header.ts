import type { FileHandle } from 'node:fs/promises';
import type { Identity, Stanza } from 'age-encryption';
import { UserError } from '../errors.ts';
import type { DecryptionKeys, Encryption } from './age-inputs.ts';
import { count } from '../runner/format.ts';
import { aboutSpelling } from '../runner/inputs/spelling.ts';
import { FileKey } from './file-key.ts';
import { passphraseRecipient } from './passphrase-recipient.ts';
import { NONCE_BYTES, TAG_BYTES } from './payload.ts';

/** The header at the start of a file, and the key that it contains in wrapped form. */
export interface NewHeader {
  readonly bytes: Uint8Array;
  readonly fileKey: FileKey;
}

/** Enough for hundreds of recipients; nothing longer is the header of a backup. */
const HEADER_LIMIT_BYTES = 1024 * 1024;
const FIRST_READ_BYTES = 16 * 1024;
/** More would need over a gigabyte of memory; the library has the same limit. */
const HIGHEST_WORK_FACTOR = 20;

/** Creates a new file key and the header that contains it for the recipients, or for anyone with the passphrase. */
export async function newHeader(encryption: Encryption): Promise<NewHeader> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if (encryption.to === 'passphrase') encrypter.addRecipient(passphraseRecipient(encryption.passphrase));
  else for (const recipient of encryption.recipients) encrypter.addRecipient(recipient);
  let fileKey: FileKey | undefined;
  encrypter.addRecipient({
    // Gets the file key, and adds nothing to the header.
    wrapFileKey: (bytes) => {
      fileKey = new FileKey(bytes);
      return [];
    },
  });
  const emptyFile = await encrypter.encrypt(new Uint8Array());
  if (!fileKey) throw new Error('The age library has passed no file key.');
  return { bytes: emptyFile.subarray(0, emptyFile.length - NONCE_BYTES - TAG_BYTES), fileKey };
}

/**
 * Reads the header of an encrypted file from its start.
 *
 * @returns its bytes, up to and including the line of its MAC.
 * @throws UserError when the file starts with something else.
 */
export async function readHeader(file: FileHandle): Promise<Buffer> {
  for (let limit = FIRST_READ_BYTES; limit <= HEADER_LIMIT_BYTES; limit *= 2) {
    const buffer = Buffer.alloc(limit);
    const { bytesRead } = await file.read(buffer, 0, limit, 0);
    const start = buffer.subarray(0, bytesRead);
    refuseOtherFiles(start);
    const macLine = start.indexOf('\n---');
    const end = macLine < 0 ? -1 : start.indexOf('\n', macLine + 1);
    if (end >= 0) return start.subarray(0, end + 1);
  }
  throw damagedHeader();
}

/**
 * Unwraps the file key of a header and checks the header's MAC.
 *
 * @throws UserError when no key fits, with the kind of key that would; when the header is damaged.
 */
export async function openHeader(header: Uint8Array, keys: DecryptionKeys): Promise<FileKey> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  const seen: { stanzas: readonly Stanza[]; noneFits: boolean } = { stanzas: [], noneFits: false };
  decrypter.addIdentity(
    observer((found) => {
      seen.stanzas = found;
      refuseHighWorkFactor(found);
    }),
  );
  for (const identity of keys.identities) decrypter.addIdentity(identity);
  if (keys.passphrase !== undefined) decrypter.addPassphrase(keys.passphrase);
  decrypter.addIdentity(
    observer(() => {
      seen.noneFits = true;
    }),
  );
  try {
    return new FileKey(await decrypter.decryptHeader(Uint8Array.from(header)));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw seen.noneFits ? noKeyFits(seen.stanzas, keys) : damagedHeader();
  }
}

/**
 * Checks that a header is well-formed and that its MAC was made with this file key. It does not check that any
 * recipient can unwrap the key: only the recipients could.
 *
 * @throws UserError when it is not.
 */
export async function checkHeader(header: Uint8Array, fileKey: FileKey): Promise<void> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity({ unwrapFileKey: () => fileKey.bytes() });
  try {
    await decrypter.decryptHeader(Uint8Array.from(header));
  } catch {
    throw damagedHeader();
  }
}

/** An identity that fits no file: it is called after those before it did not fit. */
function observer(look: (stanzas: readonly Stanza[]) => void): Identity {
  return {
    unwrapFileKey(stanzas) {
      look(stanzas);
      return null;
    },
  };
}

function refuseHighWorkFactor(stanzas: readonly Stanza[]): void {
  for (const { args } of stanzas) {
    const [type, , workFactor = ''] = args;
    if (type !== 'scrypt' || !/^[1-9]\d*$/.test(workFactor) || Number(workFactor) <= HIGHEST_WORK_FACTOR)
      continue;
    throw new UserError(
      'encryption',
      `The file is encrypted with a passphrase with a work factor of ${workFactor.slice(0, 6)}, and this action supports up to ${HIGHEST_WORK_FACTOR}.`,
      'Decrypt it with "age -d" on your own machine.',
    );
  }
}

function noKeyFits(stanzas: readonly Stanza[], keys: DecryptionKeys): UserError {
  const types = [...new Set(stanzas.map(({ args }) => args[0] ?? ''))];
  if (types.includes('scrypt')) {
    return keys.passphrase === undefined
      ? new UserError(
          'encryption',
          'The file is encrypted with a passphrase, and age-passphrase is empty.',
          `Set age-passphrase to the passphrase that the backup was encrypted with. ${aboutSpelling('age-passphrase')}`,
        )
      : new UserError(
          'encryption',
          'age-passphrase is not the passphrase of this file.',
          'Check that the secret is the one that the backup was encrypted with. The file cannot be decrypted without it.',
        );
  }
  if (keys.identities.length === 0) {
    return new UserError(
      'encryption',
      'The file is encrypted to public keys, and age-identity is empty.',
      `Set age-identity to the secret key of one of them: the line that starts with AGE-SECRET-KEY-. ${aboutSpelling('age-identity')}`,
    );
  }
  const known = types.filter((type) => /^[\w.-]{1,40}$/.test(type)).join(', ');
  return new UserError(
    'encryption',
    `No key in age-identity can decrypt this file. It is encrypted to ${count(stanzas.length, 'recipient')} (${known}).`,
    'Set age-identity to the secret key of one of the public keys in age-recipients when the backup was made. ' +
      'For an SSH or hardware key, decrypt with "age -d" on your own machine.',
  );
}

function refuseOtherFiles(start: Buffer): void {
  if (start.toString('latin1', 0, 5) === 'PGDMP') {
    throw new UserError(
      'encryption',
      'The file is not encrypted: it is a plain archive of pg_dump.',
      'Remove age-identity and age-passphrase for this backup.',
    );
  }
  if (start.toString('latin1', 0, 33) === '-----BEGIN AGE ENCRYPTED FILE----') {
    throw new UserError(
      'encryption',
      'The file is encrypted in ASCII armor, which this action does not support.',
      'Decrypt it with "age -d" on your own machine.',
    );
  }
  if (start.toString('latin1', 0, 22) !== 'age-encryption.org/v1\n') {
    throw new UserError(
      'encryption',
      'The file is not encrypted with age.',
      'Check that it is the right file, and that it was downloaded completely.',
    );
  }
}

function damagedHeader(): UserError {
  return new UserError(
    'encryption',
    'The start of the encrypted file is damaged or missing.',
    'Download the file again. If the error persists, use another backup.',
  );
}
