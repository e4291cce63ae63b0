import { describe, expect, it } from '@jest/globals';
import { checkedDumpArguments } from '../../../src/backup/dump/pg-dump-args.ts';
import { errorText } from '../../support/user-error.ts';

const check = (...words: string[]) => checkedDumpArguments('pg-dump-args', words);

describe('arguments for pg_dump from the user', () => {
  it.each([
    [['--no-publications', '--role=backup', '--no-owner']],
    [['--role', 'backup', '-O', '-x', '--schema-only']],
    [['-Ox', '-S', 'postgres', '-epostgis']],
    [['--lock-wait-timeout=10min', '--snapshot', '0001-2', '--exclude-table-data-and-children=log*']],
  ])('pass when the action does not own them: %j', (words) => {
    expect(check(...words)).toEqual(words);
  });

  it.each([
    ['--file=/x', '--file'],
    ['--fil=/x', '--fil'],
    ['-f/x', '-f'],
    ['--format=plain', '--format'],
    ['-Fp', '-F'],
    ['-OxFt', '-F'],
    ['--dbname=postgres://u:p@h/d', '--dbname'],
    ['-d', '-d'],
    ['--compress=9', '--compress'],
    ['-Z0', '-Z'],
    ['--inserts', '--inserts'],
    ['--rows-per-insert=10', '--rows-per-insert'],
    ['--schema=public', '--schema'],
    ['-tusers', '-t'],
    ['--exclude-table-data=x', '--exclude-table-data'],
    ['--encoding=LATIN1', '--encoding'],
    ['--host=h', '--host'],
    ['--no-p', '--no-p'],
    ['--version', '--version'],
    ['-?', '-?'],
    ['--', '--'],
  ])('are refused by name when the action owns them: %s', (word, name) => {
    const text = errorText(() => check(word));
    expect(text).toContain(`${name} cannot be given here`);
    expect(text).toContain('pg-dump-args');
  });

  it('are refused when they are no options: pg_dump would take them for a database, or a connection string', () => {
    expect(errorText(() => check('otherdb'))).toContain('"otherdb" is not an option');
    expect(errorText(() => check('--role=backup', 'otherdb'))).toContain('otherdb');
    expect(errorText(() => check('-'))).toContain('not an option');
  });

  it('are refused when the last one lacks its value', () => {
    expect(errorText(() => check('--role'))).toContain('lacks its value');
  });
});
