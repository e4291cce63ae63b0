import { type ToolOptions, checkedOptions, optionNames, refused } from '../../runner/inputs/tool-options.ts';

/** `pg_dump --help` of 13 to 18, and `no-acl`, which its source has too. */
const PG_DUMP: ToolOptions = {
  tool: 'pg_dump',
  accepted: new Set(
    optionNames(
      '-a --data-only -b --large-objects --blobs -B --no-large-objects --no-blobs -c --clean -C --create --if-exists',
      '-O --no-owner -s --schema-only -v --verbose -x --no-privileges --no-acl --disable-dollar-quoting',
      '--disable-triggers --enable-row-security --exclude-extension= --exclude-table-and-children=',
      '--exclude-table-data-and-children= --extension= --extra-float-digits= --filter= --include-foreign-data=',
      '--load-via-partition-root --lock-wait-timeout= --no-comments --no-data --no-policies --no-publications',
      '--no-schema --no-security-labels --no-statistics --no-subscriptions --no-sync',
      '--no-table-access-method --no-tablespaces --no-toast-compression --no-unlogged-table-data',
      '--quote-all-identifiers --restrict-key= --role= --section= --sequence-data --serializable-deferrable',
      '--snapshot= --statistics --statistics-only --strict-names --superuser= --sync-method= --table-and-children=',
      '--use-set-session-authorization',
    ),
  ),
  refused: new Map([
    ...refused(
      'the action writes the archive itself; write a folder in storage to keep the file',
      '-f --file -F --format',
    ),
    ...refused('use the jobs input', '-j --jobs'),
    ...refused('tables would be of different points in time', '--no-synchronized-snapshots'),
    ...refused('use the compression input', '-Z --compress'),
    ...refused(
      'the connection comes from connection-string alone',
      '-d --dbname -h --host -p --port -U --username -W --password -w --no-password',
    ),
    ...refused('use the schemas input', '-n --schema'),
    ...refused('use the exclude-schemas input', '-N --exclude-schema'),
    ...refused('use the tables input', '-t --table'),
    ...refused('use the exclude-tables input', '-T --exclude-table'),
    ...refused('use the exclude-table-data input', '--exclude-table-data'),
    ...refused(
      'rows are counted and hashed as COPY data, so that they can be verified',
      '--inserts --column-inserts --attribute-inserts --rows-per-insert --on-conflict-do-nothing',
    ),
    ...refused('the archive keeps the encoding of the database', '-E --encoding'),
    ...refused('write it as --extension=PATTERN', '-e'),
    ...refused('write it as --superuser=NAME', '-S'),
    ...refused('it is for pg_upgrade only', '--binary-upgrade'),
    ...refused('pg_dump would only print text and dump nothing', '-V --version -? --help'),
  ]),
};

/**
 * Refuses the words of `pg-dump-args` that would change the archive's format, the connection or what is verified.
 *
 * @throws UserError naming the option, with the reason.
 */
export function checkedDumpArguments(input: string, words: readonly string[]): readonly string[] {
  return checkedOptions(input, words, PG_DUMP);
}
