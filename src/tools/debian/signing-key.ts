import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError, messageOf } from '../../errors.ts';
import { PGDG_SIGNING_KEY } from './pgdg-key.ts';

/** A public key that the package index must be signed by. */
export interface SigningKey {
  /** In ASCII armour, for apt. */
  readonly armour: string;
  /** 40 hexadecimal digits; `undefined` for key formats other than OpenPGP version 4. */
  readonly fingerprint: string | undefined;
}

const BEGIN = '-----BEGIN PGP PUBLIC KEY BLOCK-----';
const END = '-----END PGP PUBLIC KEY BLOCK-----';
const WHAT_TO_WRITE = `Give the whole ASCII-armoured public key, from "${BEGIN}" to "${END}" with its line breaks, or the path of a file with it.`;

/** The key that signs PGDG's packages. */
export function pgdgKey(): SigningKey {
  return parseSigningKey(PGDG_SIGNING_KEY);
}

/**
 * Reads the `apt-signing-key` input: the armoured key itself, or (a single line) the path of a file with
 * it, relative to the workspace.
 *
 * @throws UserError when it is neither.
 */
export async function readSigningKey(value: string): Promise<SigningKey> {
  const text = value.trim();
  if (text === '') throw new UserError('invalid-input', 'apt-signing-key is empty.', WHAT_TO_WRITE);
  if (text.includes('-----') || text.includes('\n')) return parseSigningKey(text);
  const path = resolve(process.env['GITHUB_WORKSPACE'] ?? '.', text);
  try {
    return parseSigningKey(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      'invalid-input',
      `apt-signing-key is neither an armoured key nor a file that can be read: ${messageOf(error)}`,
      WHAT_TO_WRITE,
      { cause: error },
    );
  }
}

/**
 * Checks that a text is an ASCII-armoured public key (RFC 9580, 6.2) and computes its fingerprint.
 *
 * @throws UserError when it is not.
 */
export function parseSigningKey(text: string): SigningKey {
  if (/-----BEGIN PGP (?:PRIVATE|SECRET) KEY/.test(text))
    throw new UserError(
      'invalid-input',
      'apt-signing-key contains a private key.',
      `Revoke it if it was published. ${WHAT_TO_WRITE}`,
    );
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const begin = lines.indexOf(BEGIN);
  const end = lines.indexOf(END, begin + 1);
  if (begin < 0 || end < 0)
    throw new UserError(
      'invalid-input',
      'apt-signing-key is not an ASCII-armoured public key.',
      WHAT_TO_WRITE,
    );
  const block = lines.slice(begin, end + 1);
  // Headers such as "Comment:" end at the first empty line; "=" begins the checksum.
  const body = block.slice(block.indexOf('') + 1, -1).filter((line) => line !== '' && !line.startsWith('='));
  const packet = firstPacket(Buffer.from(body.join(''), 'base64'));
  if (!block.includes('') || !body.every((line) => /^[A-Za-z0-9+/]+=*$/.test(line)) || packet?.tag !== 6)
    throw new UserError(
      'invalid-input',
      'apt-signing-key is damaged: it contains no public key.',
      WHAT_TO_WRITE,
    );
  return { armour: `${block.join('\n')}\n`, fingerprint: fingerprintOf(packet.body) };
}

/** The first OpenPGP packet (RFC 9580, 4.2). */
function firstPacket(bytes: Buffer): { tag: number; body: Buffer } | undefined {
  const first = bytes[0] ?? 0;
  if (first < 0x80 || bytes.length < 6) return undefined;
  const next = bytes[1] ?? 0;
  if (first & 0x40) {
    const tag = first & 0x3f;
    if (next < 192) return { tag, body: bytes.subarray(2, 2 + next) };
    if (next < 224) {
      const length = ((next - 192) << 8) + (bytes[2] ?? 0) + 192;
      return { tag, body: bytes.subarray(3, 3 + length) };
    }
    return next === 255 ? { tag, body: bytes.subarray(6, 6 + bytes.readUInt32BE(2)) } : undefined;
  }
  const tag = (first >> 2) & 0x0f;
  const size = [1, 2, 4][first & 0x03];
  if (size === undefined) return undefined;
  return { tag, body: bytes.subarray(1 + size, 1 + size + bytes.readUIntBE(1, size)) };
}

/** RFC 9580, 5.5.4.2. */
function fingerprintOf(body: Buffer): string | undefined {
  if (body[0] !== 4) return undefined;
  const head = Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
  return createHash('sha1').update(head).update(body).digest('hex').toUpperCase();
}
