import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decryptFile } from '../../src/age/decrypt.ts';
import { encryptFile } from './encrypt-file.ts';
import { readDecryptionKeys, readEncryption } from '../../src/age/age-inputs.ts';
import { ageBinary, ageWithPassphrase } from '../support/age-binary.ts';
import { type Scratch, keyPair, noise, passphraseKeys, scratch, signal } from './scratch.ts';

const execute = promisify(execFile);
/** Around the 64 KiB of a chunk. */
const SIZES = [
  ...['0', '65536', '3000000'],
  ...[1, 65535, 65537, 131072, 1024 * 1024].map((size) => `${size} (thorough)`),
].map((name) => [name, Number.parseInt(name, 10)] as const);
const PASSPHRASE = "it's a passphrase of §8 words";

let files: Scratch;
beforeEach(async () => {
  files = await scratch();
});
afterEach(() => files.remove());

/** Runs `age` with its own environment: none. */
async function age(...args: string[]): Promise<Buffer> {
  const options = { env: {}, encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;
  return (await execute((await ageBinary()).age, args, options)).stdout;
}

/** A key pair that `age-keygen` made, read as the action reads its inputs. */
async function madeKeys() {
  const { ageKeygen } = await ageBinary();
  const identityFile = files.at('identity');
  await execute(ageKeygen, ['-o', identityFile], { env: {} });
  const { stdout } = await execute(ageKeygen, ['-y', identityFile], { env: {} });
  const encryption = await readEncryption({ recipients: `# backups\n${stdout}`, passphrase: '' });
  const keys = await readDecryptionKeys({ identity: await readFile(identityFile, 'utf8'), passphrase: '' });
  if (!encryption || !keys) throw new Error('no keys');
  return { encryption, keys, identityFile, recipient: stdout.trim() };
}

describe("Debian's age command (thorough)", () => {
  it.each(SIZES)('decrypts what the action has encrypted: %s bytes', async (_, size) => {
    const { encryption, identityFile } = await madeKeys();
    const source = await files.write('archive', noise(size));
    await encryptFile({ source, target: files.at('archive.age'), encryption });
    const content = await age('--decrypt', '-i', identityFile, files.at('archive.age'));
    expect(content.equals(noise(size))).toBe(true);
  });

  it.each(SIZES)('encrypts what the action can decrypt: %s bytes', async (_, size) => {
    const { keys, recipient } = await madeKeys();
    const source = await files.write('archive', noise(size));
    await age('-r', recipient, '-o', files.at('archive.age'), source);
    await decryptFile({ source: files.at('archive.age'), target: files.at('content'), keys, signal });
    expect((await readFile(files.at('content'))).equals(noise(size))).toBe(true);
  });

  it('decrypts a file for several recipients with the key of any of them', async () => {
    const { encryption, identityFile } = await madeKeys();
    const [first, last] = [await keyPair(), await keyPair()];
    const own = encryption.to === 'recipients' ? encryption.recipients : [];
    await encryptFile({
      source: await files.write('archive', 'the archive'),
      target: files.at('archive.age'),
      encryption: { to: 'recipients', recipients: [first.recipient, ...own, last.recipient] },
    });
    for (const [name, identity] of Object.entries({ first, last })) {
      await files.write(name, identity.identity);
      const content = await age('-d', '-i', files.at(name), files.at('archive.age'));
      expect(content.toString()).toBe('the archive');
    }
    const content = await age('-d', '-i', identityFile, files.at('archive.age'));
    expect(content.toString()).toBe('the archive');
  });

  it('decrypts with the passphrase what the action has encrypted', async () => {
    const { encryption } = passphraseKeys(PASSPHRASE);
    const source = await files.write('archive', noise(100_000));
    await encryptFile({ source, target: files.at('archive.age'), encryption });
    await ageWithPassphrase(['-d', '-o', files.at('content'), files.at('archive.age')], PASSPHRASE);
    expect((await readFile(files.at('content'))).equals(noise(100_000))).toBe(true);
    await expect(
      ageWithPassphrase(['-d', '-o', files.at('wrong'), files.at('archive.age')], 'another'),
    ).rejects.toThrow('incorrect passphrase');
  });

  it('encrypts with a passphrase what the action can decrypt', async () => {
    const { keys } = passphraseKeys(PASSPHRASE);
    const source = await files.write('archive', noise(100_000));
    await ageWithPassphrase(['-p', '-o', files.at('archive.age'), source], PASSPHRASE);
    await decryptFile({ source: files.at('archive.age'), target: files.at('content'), keys, signal });
    expect((await readFile(files.at('content'))).equals(noise(100_000))).toBe(true);
  });

  it('uses the same work factor as the action', async () => {
    await ageWithPassphrase(['-p', '-o', files.at('theirs'), await files.write('a', 'x')], PASSPHRASE);
    const { encryption } = passphraseKeys(PASSPHRASE);
    await encryptFile({ source: files.at('a'), target: files.at('ours'), encryption });
    const stanza = /^-> scrypt \S{22} (\d+)$/m;
    const factors = await Promise.all(
      ['theirs', 'ours'].map(async (name) => stanza.exec(await readFile(files.at(name), 'latin1'))?.[1]),
    );
    expect(factors).toEqual(['18', '18']);
  });
});
