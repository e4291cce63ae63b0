import { type ToolOptions, checkedOptions, optionNames, refused } from '../runner/inputs/tool-options.ts';

/** `pg_restore --help` of 13 to 18, and `no-acl`, which its source has too. */
const PG_RESTORE: ToolOptions = {
  tool: 'pg_restore',
  accepted: new Set(
    optionNames(
      '-v --verbose --no-comments --no-data-for-failed-tables --no-policies --no-publications --no-security-labels',
      '--no-statistics --no-subscriptions --no-table-access-method --no-tablespaces --role= --statistics',
      '--strict-names --superuser=',
    ),
  ),
  refused: new Map([
    ...refused('the action reads the archive itself', '-f --file -F --format -l --list --restrict-key'),
    ...refused(
      'the connection comes from connection-string alone',
      '-d --dbname -h --host -p --port -U --username -W --password -w --no-password',
    ),
    ...refused('the database must exist already, and connection-string names it', '-C --create'),
    ...refused('use the clean input', '-c --clean --if-exists'),
    ...refused('use the no-owner input', '-O --no-owner'),
    ...refused('use the no-privileges input', '-x --no-privileges --no-acl'),
    ...refused('use the jobs input', '-j --jobs'),
    ...refused('use the schemas input', '-n --schema -N --exclude-schema'),
    ...refused('use the tables input', '-t --table'),
    ...refused(
      'the action lists what is restored, with everything that each table needs; use the schemas and tables inputs',
      '-L --use-list --filter -I --index -P --function -T --trigger',
    ),
    ...refused(
      'a restore ends at its first error, and is one transaction unless jobs is set',
      '-e --exit-on-error -1 --single-transaction --transaction-size',
    ),
    ...refused(
      'definitions and rows are restored together, so that the rows can be verified',
      '-a --data-only -s --schema-only --section --statistics-only --no-data --no-schema',
    ),
    ...refused('it has an effect only where rows are restored without their tables', '--disable-triggers'),
    ...refused(
      'rows are restored as COPY data, which PostgreSQL does not load under row-level security',
      '--enable-row-security',
    ),
    ...refused('owners are restored with ALTER … OWNER TO', '--use-set-session-authorization'),
    ...refused('write it as --superuser=NAME', '-S'),
    ...refused('pg_restore would print it and restore nothing', '-V --version -? --help'),
  ]),
};

/**
 * Refuses the words of `pg-restore-args` that would change the archive, the target or what is verified.
 *
 * @throws UserError naming the option, with the reason.
 */
export function checkedRestoreArguments(input: string, words: readonly string[]): readonly string[] {
  return checkedOptions(input, words, PG_RESTORE);
}

/** The kinds of entries that options leave out. */
const LEFT_OUT_BY: ReadonlyMap<string, readonly string[]> = new Map([
  ['--no-comments', ['COMMENT']],
  ['--no-policies', ['POLICY', 'ROW SECURITY']],
  ['--no-publications', ['PUBLICATION', 'PUBLICATION TABLE', 'PUBLICATION TABLES IN SCHEMA']],
  ['--no-security-labels', ['SECURITY LABEL']],
  ['--no-statistics', ['STATISTICS DATA']],
  ['--no-subscriptions', ['SUBSCRIPTION', 'SUBSCRIPTION TABLE']],
]);

/** The kinds of entries that are not to be restored, by `pg_restore` or by statements of our own. */
export function kindsLeftOut(words: readonly string[]): ReadonlySet<string> {
  return new Set(words.flatMap((word) => LEFT_OUT_BY.get(word) ?? []));
}

/** The role that `pg_restore` is told to act as, which then owns what it creates; undefined for the user itself. */
export function roleOf(words: readonly string[]): string | undefined {
  return words.findLast((word) => word.startsWith('--role='))?.slice('--role='.length);
}
