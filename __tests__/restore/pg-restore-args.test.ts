import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { checkedRestoreArguments, roleOf } from '../../src/restore/pg-restore-args.ts';
import { testClientTools } from '../support/client-tools.ts';
import { errorText } from '../support/user-error.ts';

const check = (...words: string[]) => checkedRestoreArguments('pg-restore-args', words);

describe('arguments for pg_restore from the user', () => {
  it.each([
    [['--role=shop_owner', '--no-comments']],
    [['--role', 'shop owner', '--no-publications', '--no-subscriptions', '--no-security-labels']],
    [['--no-tablespaces', '--no-table-access-method', '--strict-names', '--no-data-for-failed-tables']],
    [['--no-policies', '--no-statistics', '--statistics', '--use-set-session-authorization']],
    [['-S', 'postgres', '-Spostgres', '--superuser=postgres']],
    [['--no-com', '--no-data-for', '--rol=x']],
    [[]],
  ])('pass when the action does not own them: %j', (words) => {
    expect(check(...words)).toEqual(words);
  });

  it.each([
    ['--file=/x', '--file', 'reads the archive itself'],
    ['-f/x', '-f', 'reads the archive itself'],
    ['-l', '-l', 'reads the archive itself'],
    ['--format=tar', '--format', 'reads the archive itself'],
    ['--dbname=postgres://u:p@h/d', '--dbname', 'connection-string alone'],
    ['-d', '-d', 'connection-string alone'],
    ['-hdb', '-h', 'connection-string alone'],
    ['--no-passw', '--no-passw', 'connection-string alone'],
    ['--create', '--create', 'must exist already'],
    ['-C', '-C', 'must exist already'],
    ['--clean', '--clean', 'the clean input'],
    ['--if-exists', '--if-exists', 'the clean input'],
    ['--cl', '--cl', 'the clean input'],
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
    ['-v', '-v', 'follows the restore itself'],
    ['--', '--', 'connection-string'],
    // What could be one that is refused is refused.
    ['--no-p', '--no-p', 'cannot be given here'],
    ['--n', '--n', 'cannot be given here'],
  ])('are refused by name when the action owns them: %s', (word, name, instead) => {
    const text = errorText(() => check(word));
    expect(text).toContain(`${name} cannot be given here`);
    expect(text).toContain(instead);
    expect(text).toContain('pg-restore-args');
  });

  it('are refused when pg_restore does not know them, before it is asked', () => {
    expect(errorText(() => check('--no-such-thing'))).toContain(
      '"--no-such-thing" is not an option of pg_restore',
    );
    expect(errorText(() => check('--inserts'))).toContain('--no-comments');
    expect(errorText(() => check('-Sx', '-q'))).toContain('"-q" is not an option of pg_restore');
  });

  it('are refused when they are no options, or lack their value', () => {
    expect(errorText(() => check('other.dump'))).toContain('"other.dump" is not an option');
    expect(errorText(() => check('--role=a', 'b'))).toContain('"b" is not an option');
    expect(errorText(() => check('-'))).toContain('not an option');
    expect(errorText(() => check('--role'))).toContain('lacks its value');
    expect(errorText(() => check('-S'))).toContain('lacks its value');
  });

  it('are decided on, each option that pg_restore has', async () => {
    const { pgRestore } = await testClientTools();
    const { stdout } = await promisify(execFile)(pgRestore, ['--help'], { env: { LC_ALL: 'C' } });
    const options = [...stdout.matchAll(/^ +(?:-(.), )?(--[a-z-]+)(=)?/gm)];
    expect(options.length).toBeGreaterThan(40);
    for (const [, letter, name = '', value] of options) {
      const words = value === undefined ? [name] : [name, 'x'];
      const verdict = verdictOn(words);
      expect({ name, verdict }).not.toEqual({ name, verdict: expect.stringContaining('not an option') });
      // The letter means the same as the name.
      if (letter !== undefined)
        expect(verdictOn([`-${letter}`, ...words.slice(1)])).toBe(verdict.replace(name, `-${letter}`));
    }
  });
});

function verdictOn(words: readonly string[]): string {
  try {
    check(...words);
    return 'passes';
  } catch (error) {
    return Error.isError(error) ? error.message : 'not an error';
  }
}

describe('the role of pg_restore', () => {
  it.each([
    [[], undefined],
    [['--no-comments'], undefined],
    [['--role=shop owner'], 'shop owner'],
    [['--role', 'app', '--no-comments'], 'app'],
    [['--ro=a', '--rol', 'b'], 'b'],
    [['--role='], ''],
  ])('of %j is %j', (words, role) => {
    expect(checkedRestoreArguments('pg-restore-args', words)).toEqual(words);
    expect(roleOf(words)).toBe(role);
  });
});
