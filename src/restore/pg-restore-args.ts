import { type ToolOptions, checkedOptions, refused } from '../runner/inputs/tool-options.ts';

/** `pg_restore --help` of 13 to 18, and `no-acl`, which its source has too. */
const PG_RESTORE: ToolOptions = {
  tool: 'pg_restore',
  example: '--role=shop_owner',
  refused: new Map([
    ...refused('the action reads the archive itself', 'file', 'format', 'list', 'restrict-key'),
    ...refused(
      'the connection comes from connection-string alone',
      ...['dbname', 'host', 'port', 'username', 'password', 'no-password'],
    ),
    ...refused('the database must exist already, and connection-string names it', 'create'),
    ...refused('use the clean input', 'clean', 'if-exists'),
    ...refused('use the no-owner input', 'no-owner'),
    ...refused('use the no-privileges input', 'no-privileges', 'no-acl'),
    ...refused('use the jobs input', 'jobs'),
    ...refused('use the schemas input', 'schema', 'exclude-schema'),
    ...refused('use the tables input', 'table'),
    ...refused(
      'the action makes the list of what is restored, with what each table needs; use the schemas and tables inputs',
      ...['use-list', 'filter', 'index', 'function', 'trigger'],
    ),
    ...refused(
      'a restore ends at its first error, and is one transaction unless jobs is set',
      ...['exit-on-error', 'single-transaction', 'transaction-size'],
    ),
    ...refused(
      'definitions and rows are restored together, so that the rows can be proven',
      ...['data-only', 'schema-only', 'section', 'statistics-only', 'no-data', 'no-schema'],
    ),
    ...refused('it acts only where rows are restored without their tables', 'disable-triggers'),
    ...refused(
      'rows are restored as COPY data, which PostgreSQL does not load under row-level security',
      'enable-row-security',
    ),
    ...refused('the action follows the restore itself', 'verbose', 'version', 'help'),
  ]),
  letters: {
    ...{
      f: 'file',
      F: 'format',
      l: 'list',
      d: 'dbname',
      h: 'host',
      p: 'port',
      U: 'username',
      W: 'password',
      w: 'no-password',
    },
    ...{
      C: 'create',
      c: 'clean',
      O: 'no-owner',
      x: 'no-privileges',
      j: 'jobs',
      n: 'schema',
      N: 'exclude-schema',
      t: 'table',
    },
    ...{
      L: 'use-list',
      I: 'index',
      P: 'function',
      T: 'trigger',
      e: 'exit-on-error',
      1: 'single-transaction',
    },
    ...{ a: 'data-only', s: 'schema-only', v: 'verbose', V: 'version', '?': 'help', S: 'superuser' },
  },
  withValue: new Set(['role', 'superuser']),
  withoutValue: new Set([
    ...[
      'no-comments',
      'no-policies',
      'no-publications',
      'no-security-labels',
      'no-statistics',
      'no-subscriptions',
    ],
    ...[
      'no-table-access-method',
      'no-tablespaces',
      'no-data-for-failed-tables',
      'statistics',
      'strict-names',
    ],
    'use-set-session-authorization',
  ]),
  onlyThese: true,
};

/**
 * Refuses the words of `pg-restore-args` that would take the archive, the target or the proof out of the action's
 * hands, and those that `pg_restore` does not know.
 *
 * @throws UserError naming the word.
 */
export function checkedRestoreArguments(input: string, words: readonly string[]): readonly string[] {
  return checkedOptions(input, words, PG_RESTORE);
}

/** The role that `pg_restore` is told to act as, which then owns what it makes; undefined for the user itself. */
export function roleOf(words: readonly string[]): string | undefined {
  return words.reduce<string | undefined>((role, word, index) => {
    const [option, value] = /^--ro(?:l|le)?(?:=(.*))?$/s.exec(word) ?? [];
    return option === undefined ? role : (value ?? words[index + 1]);
  }, undefined);
}
