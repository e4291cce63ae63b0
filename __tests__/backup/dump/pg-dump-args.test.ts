import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { checkedDumpArguments } from '../../../src/backup/dump/pg-dump-args.ts';
import { testClientTools } from '../../support/client-tools.ts';
import { errorText } from '../../support/user-error.ts';

const check = (...words: string[]) => checkedDumpArguments('pg-dump-args', words);

describe('pg-dump-args', () => {
  it.each([
    [['--no-publications', '--role=backup', '--no-owner', '--no-acl']],
    [['-v', '-O', '-x', '-s', '-c', '--if-exists']],
    [['--lock-wait-timeout=10min', '--snapshot=0001-2', '--exclude-table-data-and-children=log*']],
    [['--role=', '--role=a=b', '--role=two\nlines']],
    [[]],
  ])('accepts options that the action does not set itself: %j', (words) => {
    expect(check(...words)).toEqual(words);
  });

  it.each([
    ['--file=/x', '--file', 'a folder in storage'],
    ['-f/x', '-f', 'a folder in storage'],
    ['--jobs=4', '--jobs', 'use the jobs input'],
    ['-j4', '-j', 'use the jobs input'],
    ['--no-synchronized-snapshots', '--no-synchronized-snapshots', 'different points in time'],
    ['--format=plain', '--format', 'writes the archive itself'],
    ['-Fc', '-F', 'writes the archive itself'],
    ['--dbname=postgres://u:p@h/d', '--dbname', 'connection-string'],
    ['-d', '-d', 'connection-string'],
    ['--compress=9', '--compress', 'compression input'],
    ['-Z0', '-Z', 'compression input'],
    ['--inserts', '--inserts', 'COPY data'],
    ['--rows-per-insert=10', '--rows-per-insert', 'COPY data'],
    ['--schema=public', '--schema', 'schemas input'],
    ['-tusers', '-t', 'tables input'],
    ['--exclude-table-data=x', '--exclude-table-data', 'exclude-table-data input'],
    ['--encoding=LATIN1', '--encoding', 'encoding of the database'],
    ['--host=h', '--host', 'connection-string'],
    ['-epostgis', '-e', '--extension=PATTERN'],
    ['-S', '-S', '--superuser=NAME'],
    ['--version', '--version', 'dump nothing'],
    ['-?', '-?', 'dump nothing'],
  ])('refuses %s, which the action sets itself, and says what to use instead', (word, name, instead) => {
    const text = errorText(() => check(word));
    expect(text).toContain(`pg-dump-args: ${name} cannot be used here`);
    expect(text).toContain(instead);
  });

  it.each([
    '--fil=/x',
    '--no-p',
    '-OxFt',
    '-Ox',
    '-vFt',
    '--',
    '--=x',
    '-y',
    '--frobnicate',
    '--no-owner=x',
    '-O=x',
  ])('refuses %s, because only whole options that pg_dump has are passed on', (word) => {
    expect(errorText(() => check(word))).toContain(
      `"${word}" is not an option of pg_dump that can be used here`,
    );
  });

  it('refuses a word that is not an option, because pg_dump would take it as a connection string', () => {
    expect(errorText(() => check('otherdb'))).toContain('"otherdb" is not an option');
    expect(errorText(() => check('--role=backup', 'otherdb'))).toContain('otherdb');
    expect(errorText(() => check('-'))).toContain('"-" is not an option');
    expect(errorText(() => check(''))).toContain('"" is not an option');
  });

  it('refuses a value as a separate word, and shows how to write it', () => {
    const text = errorText(() => check('--role', 'backup'));
    expect(text).toContain('--role needs a value');
    expect(text).toContain('--role=VALUE');
  });

  it('either accepts or refuses by name each option that pg_dump --help lists', async () => {
    const { pgDump } = await testClientTools();
    const { stdout } = await promisify(execFile)(pgDump, ['--help'], { env: { LC_ALL: 'C' } });
    const options = [...stdout.matchAll(/^ +(?:(-.), )?(--[a-z-]+)(=)?/gm)];
    expect(options.length).toBeGreaterThan(50);
    for (const [, letter, name = '', value] of options) {
      for (const word of [value === undefined ? name : `${name}=x`, letter ?? name])
        expect(verdictOn(word)).not.toContain('not an option');
    }
  });
});

function verdictOn(word: string): string {
  try {
    check(word);
    return 'accepted';
  } catch (error) {
    return Error.isError(error) ? error.message : 'not an error';
  }
}
