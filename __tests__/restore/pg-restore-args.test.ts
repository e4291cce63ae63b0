import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { checkedRestoreArguments, roleOf } from '../../src/restore/pg-restore-args.ts';
import { testClientTools } from '../support/client-tools.ts';
import { errorText } from '../support/user-error.ts';

const check = (...words: string[]) => checkedRestoreArguments('pg-restore-args', words);

describe('pg-restore-args', () => {
  it.each([
    [['--role=shop owner', '--no-comments', '-v', '--verbose']],
    [['--no-publications', '--no-subscriptions', '--no-security-labels', '--superuser=postgres']],
    [['--no-tablespaces', '--no-table-access-method', '--strict-names', '--no-data-for-failed-tables']],
    [['--no-policies', '--no-statistics', '--statistics']],
    [[]],
  ])('accepts options that the action does not set itself: %j', (words) => {
    expect(check(...words)).toEqual(words);
  });

  it.each([
    ['--file=/x', '--file', 'reads the archive itself'],
    ['-f/x', '-f', 'reads the archive itself'],
    ['-l', '-l', 'reads the archive itself'],
    ['--format=tar', '--format', 'reads the archive itself'],
    ['-Fc', '-F', 'reads the archive itself'],
    ['--dbname=postgres://u:p@h/d', '--dbname', 'connection-string alone'],
    ['-d', '-d', 'connection-string alone'],
    ['-hdb', '-h', 'connection-string alone'],
    ['--create', '--create', 'must exist already'],
    ['-C', '-C', 'must exist already'],
    ['--clean', '--clean', 'the clean input'],
    ['-c', '-c', 'the clean input'],
    ['--if-exists', '--if-exists', 'the clean input'],
    ['-O', '-O', 'the no-owner input'],
    ['-x', '-x', 'the no-privileges input'],
    ['--no-acl', '--no-acl', 'the no-privileges input'],
    ['-j4', '-j', 'the jobs input'],
    ['--schema=public', '--schema', 'the schemas input'],
    ['-Npublic', '-N', 'the schemas input'],
    ['-tusers', '-t', 'the tables input'],
    ['--use-list=x', '--use-list', 'the schemas and tables inputs'],
    ['--filter=x', '--filter', 'the schemas and tables inputs'],
    ['-Pf()', '-P', 'the schemas and tables inputs'],
    ['--exit-on-error', '--exit-on-error', 'one transaction unless jobs'],
    ['-1', '-1', 'one transaction unless jobs'],
    ['--transaction-size=9', '--transaction-size', 'one transaction unless jobs'],
    ['-a', '-a', 'restored together'],
    ['--section=data', '--section', 'restored together'],
    ['--no-data', '--no-data', 'restored together'],
    ['--no-schema', '--no-schema', 'restored together'],
    ['--statistics-only', '--statistics-only', 'restored together'],
    ['--disable-triggers', '--disable-triggers', 'without their tables'],
    ['--enable-row-security', '--enable-row-security', 'COPY data'],
    ['-S', '-S', '--superuser=NAME'],
  ])('refuses %s, which the action sets itself, and says what to use instead', (word, name, instead) => {
    const text = errorText(() => check(word));
    expect(text).toContain(`pg-restore-args: ${name} cannot be used here`);
    expect(text).toContain(instead);
  });

  it.each(['--no-such-thing', '--inserts', '-q', '-vc', '--cl', '--no-p', '--n', '--', '--no-comments=x'])(
    'refuses %s, because only whole options that pg_restore has are passed on',
    (word) => {
      expect(errorText(() => check(word))).toContain(
        `"${word}" is not an option of pg_restore that can be used`,
      );
    },
  );

  it('refuses a word that is not an option, and a value that is missing or a separate word', () => {
    expect(errorText(() => check('other.dump'))).toContain('"other.dump" is not an option');
    expect(errorText(() => check('--role=a', 'b'))).toContain('"b" is not an option');
    expect(errorText(() => check('-'))).toContain('not an option');
    expect(errorText(() => check('--role', 'a'))).toContain('--role needs a value');
  });

  it('either accepts or refuses by name each option that pg_restore --help lists', async () => {
    const { pgRestore } = await testClientTools();
    const { stdout } = await promisify(execFile)(pgRestore, ['--help'], { env: { LC_ALL: 'C' } });
    const options = [...stdout.matchAll(/^ +(?:(-.), )?(--[a-z-]+)(=)?/gm)];
    expect(options.length).toBeGreaterThan(40);
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

describe('the role that pg_restore acts as', () => {
  it.each([
    [[], undefined],
    [['--no-comments'], undefined],
    [['--role=shop owner'], 'shop owner'],
    [['--role=a', '--role=b', '--no-comments'], 'b'],
    [['--role='], ''],
  ])('for the arguments %j is %j', (words, role) => {
    expect(checkedRestoreArguments('pg-restore-args', words)).toEqual(words);
    expect(roleOf(words)).toBe(role);
  });
});
