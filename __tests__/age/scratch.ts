import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { UserError } from '../../src/errors.ts';
import type { DecryptionKeys, Encryption } from '../../src/age/age-inputs.ts';

/** Never aborted. */
export const signal = new AbortController().signal;

/** A folder for the files of one test. */
export interface Scratch {
  readonly folder: string;
  /** A path in the folder. */
  at(name: string): string;
  write(name: string, content: Uint8Array | string): Promise<string>;
  /** The names of all files in the folder. */
  names(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function scratch(): Promise<Scratch> {
  const folder = await mkdtemp(path.join(tmpdir(), 'encryption-'));
  const at = (name: string): string => path.join(folder, name);
  return {
    folder,
    at,
    async write(name, content) {
      await writeFile(at(name), content);
      return at(name);
    },
    names: async () => (await readdir(folder)).sort(),
    remove: () => rm(folder, { recursive: true }),
  };
}

/** A key pair, as the modules take it. */
export interface KeyPair {
  readonly identity: string;
  readonly recipient: string;
  readonly encryption: Encryption;
  readonly keys: DecryptionKeys;
}

export async function keyPair(kind: 'X25519' | 'hybrid' = 'X25519'): Promise<KeyPair> {
  const identity = await (kind === 'hybrid' ? generateHybridIdentity() : generateX25519Identity());
  const recipient = await identityToRecipient(identity);
  return {
    identity,
    recipient,
    encryption: { to: 'recipients', recipients: [recipient] },
    keys: { identities: [identity], passphrase: undefined },
  };
}

/** The key pair of a passphrase, so to speak. */
export function passphraseKeys(passphrase: string): Pick<KeyPair, 'encryption' | 'keys'> {
  return { encryption: { to: 'passphrase', passphrase }, keys: { identities: [], passphrase } };
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes without a pattern, the same every time. */
export function noise(size: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 64) }, (_, index) =>
    createHash('sha512').update(String(index)).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}

export async function permissions(file: string): Promise<number> {
  return (await stat(file)).mode & 0o777;
}

/** The UserError that `work` ends with, as one text: what a reader of the annotation sees. */
export async function failureText(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof UserError) return `${error.message}\n${error.hint}`;
    throw error;
  }
  throw new Error('expected a UserError, and nothing was thrown');
}
