import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encryptFile } from '../age/encrypt-file.ts';
import { openBackup } from '../../src/restore/open-backup.ts';
import type { DecryptionKeys } from '../../src/age/age-inputs.ts';
import { type Scratch, failureText, keyPair, scratch, signal } from '../age/scratch.ts';
import { captureOutput } from '../support/captured-output.ts';

captureOutput();

let files: Scratch;
beforeEach(async () => {
  files = await scratch();
});
afterEach(async () => {
  await files.remove();
});

function opened(file: string, keys?: DecryptionKeys): Promise<string> {
  return openBackup({ file, keys, target: files.at('archive'), signal });
}

describe('a file to restore', () => {
  it('is used unchanged when it is an archive', async () => {
    const file = await files.write('a.bak', 'PGDMP\x01');
    expect(await opened(file)).toBe(file);
    expect(await files.names()).toEqual(['a.bak']);
  });

  it('is refused when it is not encrypted although keys are given', async () => {
    const file = await files.write('a.bak', 'PGDMP\x01');
    expect(await failureText(opened(file, (await keyPair()).keys))).toMatch(
      /^The backup is not encrypted, although "age-identity" or "age-passphrase" is set/,
    );
  });

  it.each([
    ['the zip file of another action', 'PK\x03\x04…', /it is a zip file\.\n.*download-artifact/],
    ['an empty zip file', 'PK\x05\x06…', /it is a zip file\./],
    ['a tar file', `${'toc.dat'.padEnd(257, '\0')}ustar\0`, /it is a tar file\.\n.*--format=custom/],
    ['a script', '\n-- PostgreSQL database dump', /it is an SQL script\.\n.*psql/],
    ['a script of a newer pg_dump', '\\restrict abc', /it is an SQL script\./],
    ['a file that was never written', '', /it is empty\./],
    ['anything else', '<!doctype html>', /neither pg_dump nor age has written/],
  ])('is refused with an error that says what it is: %s', async (_, content, words) => {
    expect(await failureText(opened(await files.write('a.bak', content)))).toMatch(words);
  });

  it('is refused when it cannot be read', async () => {
    expect(await failureText(opened(files.at('none.bak')))).toMatch(/^The backup cannot be read: ENOENT/);
    expect(await failureText(opened(files.folder))).toMatch(/^The backup cannot be read: EISDIR/);
  });

  it.each([
    ['a script', '-- PostgreSQL database dump', /it is an SQL script\./],
    ['something encrypted', 'age-encryption.org/v1\n', /neither pg_dump nor age has written/],
  ])('is refused when it decrypts to %s', async (_, content, words) => {
    const { encryption, keys } = await keyPair();
    const source = await files.write('inside', content);
    await encryptFile({ source, target: files.at('a.bak.age'), encryption });
    expect(await failureText(opened(files.at('a.bak.age'), keys))).toMatch(words);
  });
});
