import { inspect } from 'node:util';
import { readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decryptFile } from '../../src/age/decrypt.ts';
import { encryptArchive, encryptFile } from '../../src/age/encrypt.ts';
import { verifyEncrypted } from '../../src/age/verify-encryption.ts';
import { smallDisk } from '../support/small-disk.ts';
import {
  type KeyPair,
  type Scratch,
  failureText,
  keyPair,
  noise,
  permissions,
  scratch,
  sha256,
  signal,
} from './scratch.ts';

let files: Scratch;
let pair: KeyPair;
beforeEach(async () => {
  files = await scratch();
  pair = await keyPair();
});
afterEach(() => files.remove());

/** Encrypts `content` from the file `archive` to `archive.age`. */
async function encrypted(content: Uint8Array | string, more: object = {}) {
  const source = await files.write('archive', content);
  return encryptArchive({
    source,
    target: files.at('archive.age'),
    plaintextSha256: sha256(content),
    encryption: pair.encryption,
    signal,
    ...more,
  });
}

const decrypted = (keys = pair.keys) =>
  decryptFile({ source: files.at('archive.age'), target: files.at('content'), keys, signal });

/** An AbortSignal that aborts when it has been looked at a few times: in the middle of the work, every time. */
function abortAfter(looks: number): AbortSignal {
  const controller = new AbortController();
  const look = controller.signal.throwIfAborted.bind(controller.signal);
  let count = 0;
  controller.signal.throwIfAborted = () => {
    if (++count === looks) controller.abort(new Error('cancelled'));
    look();
  };
  return controller.signal;
}

describe('encrypting an archive', () => {
  it.each([0, 1, 65536, 1024 * 1024, 5_000_000])(
    'returns size and SHA-256 of a file that decrypts to the archive (%d bytes)',
    async (size) => {
      const result = await encrypted(noise(size));
      const file = await readFile(files.at('archive.age'));
      expect(result).toEqual({ size: file.length, sha256: sha256(file) });
      expect(await decrypted()).toEqual({ size, sha256: sha256(noise(size)) });
      expect((await readFile(files.at('content'))).equals(noise(size))).toBe(true);
    },
  );

  it('works with post-quantum keys', async () => {
    pair = await keyPair('hybrid');
    await encrypted('the archive');
    await decrypted();
    expect(await readFile(files.at('content'), 'utf8')).toBe('the archive');
  });

  it('creates files that only their owner can read', async () => {
    await encrypted('the archive');
    await decrypted();
    expect(await permissions(files.at('archive.age'))).toBe(0o600);
    expect(await permissions(files.at('content'))).toBe(0o600);
  });

  it('uses a new file key and nonce each time', async () => {
    await encrypted('the archive');
    const first = await readFile(files.at('archive.age'));
    await rm(files.at('archive.age'));
    await encrypted('the archive');
    const second = await readFile(files.at('archive.age'));
    expect(second.length).toBe(first.length);
    expect(second.subarray(-27).equals(first.subarray(-27))).toBe(false);
    expect(second.includes('the archive')).toBe(false);
  });

  it('writes neither through a link nor over a file', async () => {
    await files.write('victim', 'untouched');
    await symlink(files.at('victim'), files.at('archive.age'));
    expect(await failureText(encrypted('the archive'))).toContain('EEXIST');
    expect(await readFile(files.at('victim'), 'utf8')).toBe('untouched');
    expect(await files.names()).toEqual(['archive', 'archive.age', 'victim']);
  });

  it('explains a source that cannot be read, and creates nothing', async () => {
    const work = encryptFile({
      source: files.at('none'),
      target: files.at('b'),
      encryption: pair.encryption,
      signal,
    });
    expect(await failureText(work)).toMatch(/could not be encrypted: ENOENT/);
    expect(await files.names()).toEqual([]);
  });

  it('removes what it has written when it is cancelled, at every point', async () => {
    const content = noise(3_000_000);
    // Looks at the signal: one at the start, one for each MiB and one at the end, then the same for the verification.
    for (let looks = 1; looks <= 9; looks++) {
      await expect(encrypted(content, { signal: abortAfter(looks) })).rejects.toThrow('cancelled');
      expect(await files.names()).toEqual(['archive']);
    }
    await encrypted(content, { signal: abortAfter(10) });
  });

  it('removes what it has written when the disk is full', async () => {
    const disk = await smallDisk(2);
    if (!disk) return; // an ordinary user may mount nothing
    try {
      const target = `${disk.folder}/archive.age`;
      expect(await failureText(encrypted(noise(5_000_000), { target }))).toMatch(
        /ENOSPC[^]*disk has enough space/,
      );
      await encrypted('small', { target });
    } finally {
      await disk.remove();
    }
  });

  it('does not show the file key when it is printed', async () => {
    const source = await files.write('archive', 'x');
    const fileKey = await encryptFile({ source, target: files.at('b'), encryption: pair.encryption, signal });
    expect(inspect(fileKey, { showHidden: true })).toBe('FileKey {}');
    expect(JSON.stringify({ fileKey })).toBe('{"fileKey":{}}');
  });
});

describe('the verification of an encrypted archive', () => {
  const verify = async (spoil: (file: string) => Promise<void>, plaintextSha256 = sha256(noise(200_000))) => {
    const source = await files.write('archive', noise(200_000));
    const file = files.at('archive.age');
    const fileKey = await encryptFile({ source, target: file, encryption: pair.encryption, signal });
    await spoil(file);
    return verifyEncrypted({ file, fileKey, plaintextSha256, signal });
  };

  it('succeeds on a good file', async () => {
    const { sha256: found } = await verify(() => Promise.resolve());
    expect(found).toBe(sha256(await readFile(files.at('archive.age'))));
  });

  it('fails if the content differs from the archive that was read back, and removes the file', async () => {
    const text = await failureText(encrypted('the archive', { plaintextSha256: sha256('another') }));
    expect(text).toContain('does not decrypt to the archive that was read back: its content differs.');
    expect(await files.names()).toEqual(['archive']);
  });

  it('fails on a truncated file', async () => {
    const text = await failureText(verify((file) => truncate(file, 100_000)));
    expect(text).toMatch(/read back: its end is damaged or missing, after 65536 bytes/);
  });

  it('fails on a file with another header', async () => {
    const other = await keyPair();
    const spoil = async (file: string): Promise<void> => {
      const good = await readFile(file);
      const target = files.at('other');
      await encryptFile({ source: files.at('archive'), target, encryption: other.encryption, signal });
      const header = (await readFile(target)).subarray(0, good.indexOf('\n', good.indexOf('\n---') + 1) + 1);
      await writeFile(file, Buffer.concat([header, good.subarray(header.length)]));
    };
    expect(await failureText(verify(spoil))).toContain(
      'The start of the encrypted file is damaged or missing.',
    );
  });

  it('fails on a missing file', async () => {
    expect(await failureText(verify((file) => rm(file)))).toMatch(/could not be read back: ENOENT/);
  });
});
