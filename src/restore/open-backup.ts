import { open } from 'node:fs/promises';
import { UserError, messageOf } from '../errors.ts';
import type { DecryptionKeys } from '../age/age-inputs.ts';
import { log } from '../runner/log.ts';
import { decryptFile } from '../age/decrypt.ts';

/** A backup as it was downloaded or lies on the disk. */
export interface BackupToOpen {
  readonly file: string;
  /** Undefined when the workflow gives neither `age-identity` nor `age-passphrase`. */
  readonly keys: DecryptionKeys | undefined;
  /** Where to put the archive if it has to be decrypted; must not exist yet. */
  readonly target: string;
  readonly signal: AbortSignal;
}

type FileKind = 'archive' | 'encrypted' | 'zip' | 'tar' | 'script' | 'empty' | 'other';

const LONGEST_START = 265;

/**
 * Makes sure that a file is a backup that `pg_restore` can read, and decrypts it when it is encrypted.
 *
 * @returns the path of the archive: the file itself, or `target`.
 * @throws UserError when it is something else, no key opens it, or it needs none although there is one; the signal's reason when aborted.
 */
export async function openBackup({ file, keys, target, signal }: BackupToOpen): Promise<string> {
  const kind = fileKind(await startOf(file));
  if (kind === 'archive') {
    if (keys) throw notEncrypted();
    return file;
  }
  if (kind !== 'encrypted') throw notABackup(kind);
  if (!keys) {
    throw new UserError(
      'not-a-backup',
      'The backup is encrypted with age, and there is no key to open it.',
      'Set "age-identity" to the secret key (AGE-SECRET-KEY-…) from a secret, or "age-passphrase" if it was encrypted with a passphrase.',
      { silent: 'same' },
    );
  }
  log.info('Decrypting the backup');
  await decryptFile({ source: file, target, keys, signal });
  const inside = fileKind(await startOf(target));
  if (inside !== 'archive') throw notABackup(inside === 'encrypted' ? 'other' : inside);
  return target;
}

/**
 * A key says that the backups are encrypted, so one that is not may have been put in its place by someone else.
 * That applies to a file of the runner too, since another step may have downloaded it.
 */
function notEncrypted(): UserError {
  return new UserError(
    'not-a-backup',
    'The backup is not encrypted, although "age-identity" or "age-passphrase" is set.',
    'If you trust this backup, remove that input; otherwise use another one.',
    { silent: 'same' },
  );
}

/** What the first bytes of a file say that it is. */
function fileKind(start: Buffer): FileKind {
  const text = start.toString('latin1');
  if (text === '') return 'empty';
  if (text.startsWith('PGDMP')) return 'archive';
  if (/^(?:age-encryption\.org\/|-----BEGIN AGE ENCRYPTED FILE-----)/.test(text)) return 'encrypted';
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return 'zip';
  if (text.slice(257, 262) === 'ustar') return 'tar';
  return /^\s*(?:--|\\restrict|SET |CREATE |BEGIN)/.test(text) ? 'script' : 'other';
}

const EXPLANATIONS: Readonly<Record<Exclude<FileKind, 'archive' | 'encrypted'>, readonly [string, string]>> =
  {
    zip: [
      'a zip file',
      'If another action has uploaded it, download it with actions/download-artifact, which unzips it, and give the file as "path".',
    ],
    tar: ['a tar file', 'Unpack it, or make the backup with pg_dump --format=custom.'],
    script: ['an SQL script', 'Run it with psql, or make the backup with pg_dump --format=custom.'],
    empty: ['empty', 'Use another backup.'],
    other: [
      'something that neither pg_dump nor age has written',
      'Give a file that this action or pg_dump --format=custom has made.',
    ],
  };

function notABackup(kind: Exclude<FileKind, 'archive' | 'encrypted'>): UserError {
  const [what, hint] = EXPLANATIONS[kind];
  return new UserError('not-a-backup', `The backup is not an archive of pg_dump: it is ${what}.`, hint, {
    silent: 'same',
  });
}

async function startOf(file: string): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(LONGEST_START), 0, LONGEST_START, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new UserError(
      'not-a-backup',
      `The backup cannot be read: ${messageOf(error)}`,
      'Check that the file is there and can be read.',
      { cause: error, silent: 'same' },
    );
  }
}
