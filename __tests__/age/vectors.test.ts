import { inflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as vectors from 'cctv-age';
import { decryptFile } from '../../src/age/decrypt.ts';
import { type Scratch, failureText, scratch, signal } from './scratch.ts';

/** One of the format's public test vectors, as the package's README describes them. */
interface Vector {
  readonly name: string;
  readonly expected: string;
  readonly payloadSha256: string | undefined;
  readonly identities: readonly string[];
  readonly passphrase: string | undefined;
  readonly armored: boolean;
  readonly file: Buffer;
}

function vector(name: string, bytes: Uint8Array): Vector {
  const all = Buffer.from(bytes);
  const end = all.indexOf('\n\n');
  const fields = all
    .toString('latin1', 0, end)
    .split('\n')
    .map((line) => line.split(': ', 2));
  const values = (key: string): string[] =>
    fields.flatMap(([found, value]) => (found === key && value !== undefined ? [value] : []));
  const body = all.subarray(end + 2);
  return {
    name,
    expected: values('expect')[0] ?? '',
    payloadSha256: values('payload')[0],
    identities: values('identity'),
    passphrase: values('passphrase')[0],
    armored: values('armored').length > 0,
    file: values('compressed').length > 0 ? inflateSync(body) : body,
  };
}

const all = Object.entries(vectors).map(([name, bytes]) => vector(name, bytes));
// The action writes and reads no ASCII armor: those vectors test what it does not have.
const binary = all.filter(({ armored }) => !armored);
const expecting = (expected: string): Vector[] => binary.filter((one) => one.expected === expected);

/** A file that ends within its nonce has a good header as this action sees it, and no content. */
const ENDS_IN_NONCE = ['stream_no_nonce', 'stream_short_nonce'];

let files: Scratch;
beforeEach(async () => {
  files = await scratch();
});
afterEach(() => files.remove());

async function decrypt({ file, identities, passphrase }: Vector): ReturnType<typeof decryptFile> {
  return decryptFile({
    source: await files.write('vector', file),
    target: files.at('content'),
    keys: { identities, passphrase },
    signal,
  });
}

describe("the format's public test vectors", () => {
  it('are complete, and all but the armored ones are used', () => {
    expect(all.length).toBeGreaterThanOrEqual(143);
    const used = ['success', 'no match', 'HMAC failure', 'header failure', 'payload failure'];
    expect(binary.filter(({ expected }) => !used.includes(expected))).toEqual([]);
    expect(binary.length).toBe(all.length - 33);
  });

  it.each(expecting('success'))('$name decrypts', async (one) => {
    const { sha256 } = await decrypt(one);
    expect(sha256).toBe(one.payloadSha256);
  });

  it.each(expecting('no match'))('$name is decrypted by no key', async (one) => {
    const text = await failureText(decrypt(one));
    expect(text).toMatch(/No key in age-identity can decrypt|age-passphrase is not the passphrase|is empty/);
    expect(await files.names()).toEqual(['vector']);
  });

  it.each([...expecting('header failure'), ...expecting('HMAC failure')])('$name is refused', async (one) => {
    const text = await failureText(decrypt(one));
    expect(text).toMatch(
      ENDS_IN_NONCE.includes(one.name)
        ? /its content is missing/
        : /start of the encrypted file is damaged|not encrypted with age|work factor of/,
    );
    expect(await files.names()).toEqual(['vector']);
  });

  it.each(expecting('payload failure'))('$name is damaged, and no file of it is left', async (one) => {
    expect(await failureText(decrypt(one))).toContain('damaged or incomplete');
    expect(await files.names()).toEqual(['vector']);
  });

  it.each(all.filter(({ armored, expected }) => armored && expected === 'success'))(
    '$name is armored, and the error says so',
    async (one) => {
      expect(await failureText(decrypt(one))).toMatch(/ASCII armor|not encrypted with age/);
    },
  );
});
