import { type ToolOptions, checkedOptions, refused } from '../../runner/inputs/tool-options.ts';

const PG_DUMP: ToolOptions = {
  tool: 'pg_dump',
  example: '--role=backup',
  refused: new Map([
    ...refused(
      'the action writes the archive itself; use the path input to keep the file',
      ...['file', 'format', 'jobs'],
    ),
    ...refused('use the compression input', 'compress'),
    ...refused(
      'the connection comes from connection-string alone',
      ...['dbname', 'host', 'port', 'username', 'password', 'no-password'],
    ),
    ...refused('use the schemas input', 'schema'),
    ...refused('use the exclude-schemas input', 'exclude-schema'),
    ...refused('use the tables input', 'table'),
    ...refused('use the exclude-tables input', 'exclude-table'),
    ...refused('use the exclude-table-data input', 'exclude-table-data'),
    ...refused(
      'rows are counted and hashed as COPY data, so that they can be proven',
      ...['inserts', 'column-inserts', 'attribute-inserts', 'rows-per-insert', 'on-conflict-do-nothing'],
    ),
    ...refused('the archive keeps the encoding of the database', 'encoding'),
    ...refused('the action follows the dump itself', 'verbose', 'version', 'help'),
  ]),
  letters: {
    ...{
      f: 'file',
      F: 'format',
      j: 'jobs',
      Z: 'compress',
      E: 'encoding',
      v: 'verbose',
      V: 'version',
      '?': 'help',
    },
    ...{ d: 'dbname', h: 'host', p: 'port', U: 'username', W: 'password', w: 'no-password' },
    ...{ n: 'schema', N: 'exclude-schema', t: 'table', T: 'exclude-table', e: 'extension', S: 'superuser' },
  },
  // Documentation of pg_dump.
  withValue: new Set([
    ...['exclude-extension', 'exclude-table-and-children', 'exclude-table-data-and-children', 'extension'],
    ...['extra-float-digits', 'filter', 'include-foreign-data', 'lock-wait-timeout', 'restrict-key', 'role'],
    ...['section', 'snapshot', 'superuser', 'sync-method', 'table-and-children'],
  ]),
  // Those that begin like a refused one.
  withoutValue: new Set(['schema-only']),
  onlyThese: false,
};

/**
 * Refuses the words of `pg-dump-args` that would take the archive, the connection or the proof out of the action's
 * hands.
 *
 * @throws UserError naming the word.
 */
export function checkedDumpArguments(input: string, words: readonly string[]): readonly string[] {
  return checkedOptions(input, words, PG_DUMP);
}
