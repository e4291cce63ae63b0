import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { UserError } from '../../../src/errors.ts';
import { parseMirror, pgdgMirror } from '../../../src/tools/debian/mirror-url.ts';
import { parseSigningKey, pgdgKey, readSigningKey } from '../../../src/tools/debian/signing-key.ts';

describe('the apt-mirror input', () => {
  it.each([
    ['https://mirror.example.com/pgdg/', 'https://mirror.example.com/pgdg'],
    [' http://10.0.0.1:8080/a%20b ', 'http://10.0.0.1:8080/a%20b'],
    ['file:///srv/pgdg', 'file:///srv/pgdg'],
  ])('accepts %s', (text, url) => {
    expect(parseMirror(text)).toEqual({ url, label: url, custom: true });
  });

  it('shows the URL without user name and password', () => {
    const mirror = parseMirror('https://ci:s3cret@mirror.example.com/pgdg');
    expect(mirror.url).toContain('s3cret');
    expect(mirror.label).toBe('https://mirror.example.com/pgdg');
  });

  it.each([
    ['an empty text', ''],
    ['a bare host', 'mirror.example.com/pgdg'],
    ['another scheme', 'ftp://mirror.example.com/pgdg'],
    ['two lines', 'https://a.example/\nhttps://b.example/'],
    ['a query', 'https://mirror.example.com/pgdg?token=s3cret'],
    ['a file on another host', 'file://host/srv/pgdg'],
  ])('refuses %s, without repeating the value', (_, text) => {
    const refusal = caught(() => parseMirror(text));
    expect(refusal.message).toMatch(/^apt-mirror is /);
    expect(refusal.hint).toMatch(/dists\/ and pool\//);
    expect(refusal.message + refusal.hint).not.toContain('s3cret');
  });

  it("is PGDG's own address by default, over http if the machine has no CA certificates", () => {
    expect(pgdgMirror(true).url).toBe('https://apt.postgresql.org/pub/repos/apt');
    expect(pgdgMirror(false).url).toBe('http://apt.postgresql.org/pub/repos/apt');
  });
});

describe('the apt-signing-key input', () => {
  it("is PGDG's key by default, with the fingerprint that PostgreSQL publishes", () => {
    expect(pgdgKey().fingerprint).toBe('B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8');
  });

  it('accepts a key with Windows line endings, a comment and text around it', () => {
    const [begin, ...rest] = pgdgKey().armour.trimEnd().split('\n');
    const text = ['Our key:', begin, 'Comment: for the mirror', ...rest, 'bye'].join('\r\n');
    expect(parseSigningKey(text).fingerprint).toBe(pgdgKey().fingerprint);
  });

  it.each([
    ['in two octets', (length: number) => [0xc0 + ((length - 192) >> 8), (length - 192) & 0xff]],
    ['in five octets', (length: number) => [0xff, 0, 0, length >> 8, length & 0xff]],
  ])('accepts a key in the new packet format, with its length %s', (_, lengthOctets) => {
    const [begin = '', ...lines] = pgdgKey().armour.trimEnd().split('\n');
    const bytes = Buffer.from(lines.slice(1, -1).filter(isBase64).join(''), 'base64');
    // The key is in the older form: a tag with two octets of length.
    expect(bytes[0]).toBe(0x99);
    const body = bytes.subarray(3, 3 + bytes.readUInt16BE(1));
    const userId = [0xcd, 1, 0x61];
    const packets = Buffer.from([0xc6, ...lengthOctets(body.length), ...body, ...userId]).toString('base64');
    expect(parseSigningKey([begin, '', packets, lines.at(-1)].join('\n')).fingerprint).toBe(
      pgdgKey().fingerprint,
    );
  });

  it('accepts the path of a file with the key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'key-'));
    try {
      await writeFile(join(folder, 'mirror.asc'), pgdgKey().armour);
      await expect(readSigningKey(join(folder, 'mirror.asc'))).resolves.toEqual(pgdgKey());
      await expect(readSigningKey(join(folder, 'none.asc'))).rejects.toThrow(
        /neither an armoured key nor a file/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['an empty text', ' ', /is empty/],
    ['a key whose line breaks were lost', pgdgKey().armour.replaceAll('\n', ' '), /not an ASCII-armoured/],
    ['a key that lost its end', pgdgKey().armour.slice(0, 2000), /not an ASCII-armoured/],
    ['a key that lost its first line', pgdgKey().armour.replace(/\n\n.*\n/, '\n\n'), /damaged/],
    ['a private key', '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nabcd\n', /private key/],
    ['a file without a key', '/etc/os-release', /not an ASCII-armoured/],
  ])('refuses %s', async (_, text, message) => {
    await expect(readSigningKey(text)).rejects.toThrow(UserError);
    await expect(readSigningKey(text)).rejects.toThrow(message);
  });
});

function isBase64(line: string): boolean {
  return line !== '' && !line.startsWith('=');
}

function caught(action: () => unknown): UserError {
  try {
    action();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
