import * as core from '@actions/core';
import { UserError } from '../errors.ts';
import { maskSecret } from '../runner/inputs/mask.ts';
import { misspelled } from '../runner/inputs/spelling.ts';
import { quote } from '../runner/inputs/parsers.ts';

/** Who can decrypt the backup: the owners of some public keys, or anyone with a passphrase. */
export type Encryption =
  | { readonly to: 'recipients'; readonly recipients: readonly string[] }
  | { readonly to: 'passphrase'; readonly passphrase: string };

/** Who can decrypt it, for the log and the summary. */
export function encryptedTo(encryption: Encryption): string {
  if (encryption.to === 'passphrase') return 'a passphrase';
  const { length } = encryption.recipients;
  return length === 1 ? '1 recipient' : `${length} recipients`;
}

/** What an encrypted backup is decrypted with: every identity is tried, and the passphrase. */
export interface DecryptionKeys {
  readonly identities: readonly string[];
  readonly passphrase: string | undefined;
}

const SHORTEST_PASSPHRASE = 16;

const KEYGEN_HINT =
  'Create a key pair with "age-keygen" and set age-recipients to its public key, which starts with age1.';

/**
 * Reads `age-recipients` and `age-passphrase`. A backup is encrypted to either: the format
 * allows no recipients beside a passphrase.
 *
 * @returns undefined when both are empty: no encryption.
 * @throws UserError naming the input, and the line of it.
 */
export async function readEncryption(
  values: {
    readonly recipients: string;
    readonly passphrase: string;
  },
  env: NodeJS.ProcessEnv = process.env,
): Promise<Encryption | undefined> {
  const givesRecipients = values.recipients.trim() !== '';
  if (givesRecipients && values.passphrase !== '') {
    throw new UserError(
      'invalid-input',
      'age-recipients and age-passphrase are both set, but a backup can be encrypted with only one of them.',
      'Keep age-recipients (the runner can then write backups but not read them) or age-passphrase.',
    );
  }
  if (givesRecipients)
    return { to: 'recipients', recipients: await ageRecipients('age-recipients', values.recipients) };
  if (values.passphrase === '') {
    refuseMisspelled(env);
    return undefined;
  }
  const passphrase = agePassphrase('age-passphrase', values.passphrase);
  refuseShort(passphrase);
  return { to: 'passphrase', passphrase };
}

/** An input that does not exist would leave a backup without encryption that was meant to have it. */
function refuseMisspelled(env: NodeJS.ProcessEnv): void {
  const name = misspelled('age-recipients', env, (given) => /^age[-_]/.test(given));
  if (name === undefined) return;
  throw new UserError(
    'invalid-input',
    `The input "${name}" does not exist, and the backup would not be encrypted.`,
    'Write "age-recipients", for public keys, or "age-passphrase".',
  );
}

/**
 * Reads `age-identity` and `age-passphrase`.
 *
 * @returns undefined when both are empty.
 * @throws UserError naming the input, and the line of it.
 */
export async function readDecryptionKeys(values: {
  readonly identity: string;
  readonly passphrase: string;
}): Promise<DecryptionKeys | undefined> {
  const identities =
    values.identity.trim() === '' ? [] : await ageIdentities('age-identity', values.identity);
  const passphrase =
    values.passphrase === '' ? undefined : agePassphrase('age-passphrase', values.passphrase);
  return identities.length > 0 || passphrase !== undefined ? { identities, passphrase } : undefined;
}

/** Makes the runner mask `age-passphrase` and `age-identity`, if the action has them. */
export function maskAgeInputs(): void {
  const values = ['age-passphrase', 'age-identity'].map((name) =>
    core.getInput(name, { trimWhitespace: false }),
  );
  for (const secret of ageSecrets(...values)) maskSecret(secret);
}

/**
 * The texts of `age-passphrase` and `age-identity` that the runner must mask, without duplicates and empty ones. They
 * need not be valid, because an invalid one must be masked too.
 */
export function ageSecrets(...values: readonly string[]): string[] {
  const secrets = values.flatMap((value) => [value, ...numberedLines(value).map(({ text }) => text)]);
  return [...new Set(secrets.flatMap((text) => [text, text.trim()]))].filter((text) => text.trim() !== '');
}

/**
 * Reads public keys, one per line: X25519 (`age1…`), hybrid post-quantum (`age1pq1…`), and the keys of hardware tokens
 * (`age1tag1…`, `age1tagpq1…`). Empty lines and lines that start with `#` are ignored. Each key is tried.
 *
 * @throws UserError naming the line.
 */
export async function ageRecipients(input: string, value: string): Promise<readonly string[]> {
  const found = numberedLines(value);
  if (found.length === 0) {
    throw new UserError('invalid-input', `${input}: it contains only comments, no public key.`, KEYGEN_HINT);
  }
  for (const { number, text } of found) {
    refuseOtherKeys(`${input}: line ${number}`, text);
    if (!(await isRecipient(text))) {
      throw new UserError(
        'invalid-input',
        `${input}: line ${number} is not an age public key${text.startsWith('age1') ? `: ${quote(text)}` : ''}.`,
        `Copy the whole key, one per line, with nothing after it. ${KEYGEN_HINT}`,
      );
    }
  }
  refuseMixture(input, found);
  return [...new Set(found.map(({ text }) => text))];
}

/**
 * Reads secret keys, one per line: `AGE-SECRET-KEY-1…` or `AGE-SECRET-KEY-PQ-1…`, as `age-keygen` writes them. Empty
 * lines and lines that start with `#` are ignored.
 *
 * @throws UserError naming the line, but nothing of its text.
 */
export async function ageIdentities(input: string, value: string): Promise<readonly string[]> {
  const found = numberedLines(value);
  const hint = `Set ${input} to a secret with the output of "age-keygen": the line that starts with AGE-SECRET-KEY-.`;
  if (found.length === 0)
    throw new UserError('invalid-input', `${input}: it contains only comments, no key.`, hint);
  const { identityToRecipient } = await import('age-encryption');
  for (const { number, text } of found) {
    const reason = notAnIdentity(text);
    if (reason !== undefined)
      throw new UserError('invalid-input', `${input}: line ${number} is ${reason}.`, hint);
    try {
      await identityToRecipient(text);
    } catch {
      // Without the cause: the library's message contains the key.
      throw new UserError('invalid-input', `${input}: line ${number} is an incomplete age secret key.`, hint);
    }
  }
  return [...new Set(found.map(({ text }) => text))];
}

/**
 * Reads a passphrase. One line break at its end is removed, because secrets from files have one; any other
 * control character, or white space around it, could not be typed at the prompt of `age`.
 *
 * @throws UserError without any part of the passphrase.
 */
export function agePassphrase(input: string, value: string): string {
  const passphrase = value.replace(/\r?\n$/, '');
  if (passphrase.trim() !== '' && passphrase === passphrase.trim() && !/\p{Cc}/u.test(passphrase)) {
    return passphrase;
  }
  throw new UserError(
    'invalid-input',
    `${input}: the passphrase is blank, starts or ends with white space, or contains a line break or another control character.`,
    'Use one line of printable characters, for example four or five random words with hyphens between them.',
  );
}

/** Whoever has the file can guess as fast as their machines can. Files of older passphrases still open. */
function refuseShort(passphrase: string): void {
  if (Array.from(passphrase).length >= SHORTEST_PASSPHRASE) return;
  throw new UserError(
    'invalid-input',
    `age-passphrase: the passphrase has fewer than ${SHORTEST_PASSPHRASE} characters, and can be guessed.`,
    'Generate one with "openssl rand -base64 24", store it in a password manager, and put it into the secret.',
  );
}

interface NumberedLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

function numberedLines(value: string): NumberedLine[] {
  return value
    .split('\n')
    .map((line, index) => ({ number: index + 1, text: line.trim() }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
}

/** Refuses other kinds of keys that are mistaken for recipients. */
function refuseOtherKeys(where: string, text: string): void {
  if (/^AGE-SECRET-KEY-/i.test(text)) {
    throw new UserError(
      'invalid-input',
      `${where} is a secret key, which decrypts the backups and must not be on the runner that writes them.`,
      `Create a new key pair if others could have seen it. ${KEYGEN_HINT}`,
    );
  }
  if (text.startsWith('ssh-') || text.startsWith('ecdsa-')) {
    throw new UserError(
      'invalid-input',
      `${where} is an SSH key, which this action does not support.`,
      KEYGEN_HINT,
    );
  }
  const plugin = /^age1([a-z0-9+.-]+)1[a-z0-9]+$/.exec(text)?.[1];
  if (plugin !== undefined && !['pq', 'tag', 'tagpq'].includes(plugin)) {
    throw new UserError(
      'invalid-input',
      `${where} is a key of the plugin age-plugin-${plugin}, and this action does not support plugins.`,
      KEYGEN_HINT,
    );
  }
}

/** Whether something can be encrypted to it: tried, because only that detects a well-formed but invalid key. */
async function isRecipient(text: string): Promise<boolean> {
  const { Encrypter } = await import('age-encryption');
  try {
    const encrypter = new Encrypter();
    encrypter.addRecipient(text);
    await encrypter.encrypt(new Uint8Array());
    return true;
  } catch {
    return false;
  }
}

/**
 * Beside an ordinary key, a post-quantum one does not protect the file, so `age` refuses the two together: its recipients have
 * the label `postquantum` (`WrapWithLabels` in filippo.io/age). The JavaScript library would accept them.
 */
function refuseMixture(input: string, found: readonly NumberedLine[]): void {
  const isPostQuantum = ({ text }: NumberedLine): boolean => /^age1(?:tag)?pq1/.test(text);
  const postQuantum = found.find(isPostQuantum);
  const ordinary = found.find((line) => !isPostQuantum(line));
  if (!postQuantum || !ordinary) return;
  throw new UserError(
    'invalid-input',
    `${input}: line ${postQuantum.number} is a post-quantum key and line ${ordinary.number} is not, and age does not allow both for one file: ` +
      'the weaker key could decrypt it.',
    'Use keys of one kind: all post-quantum (age1pq1…, age1tagpq1…) or none.',
  );
}

function notAnIdentity(text: string): string | undefined {
  if (text.startsWith('age1')) return 'a public key, which cannot decrypt';
  if (text.includes('BEGIN AGE ENCRYPTED FILE')) return 'the start of an encrypted file, not a key';
  if (text.includes('PRIVATE KEY')) return 'the start of a private key of another kind, such as SSH';
  if (text.startsWith('AGE-PLUGIN-')) return 'a key of a plugin, and this action does not support plugins';
  return /^AGE-SECRET-KEY-(?:PQ-)?1/.test(text) ? undefined : 'not an age secret key';
}
