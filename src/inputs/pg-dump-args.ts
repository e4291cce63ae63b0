import { UserError } from '../errors.ts';

/** Options of `pg_dump` that this action sets itself, or whose result it could not prove; with what to do instead. */
const OWNED = new Map<string, string>([
  ...owned(
    'the action writes the archive itself; use the path input to keep the file',
    'file',
    'format',
    'jobs',
  ),
  ...owned('use the compression input', 'compress'),
  ...owned(
    'the connection comes from connection-string alone',
    ...['dbname', 'host', 'port', 'username', 'password', 'no-password'],
  ),
  ...owned('use the schemas input', 'schema'),
  ...owned('use the exclude-schemas input', 'exclude-schema'),
  ...owned('use the tables input', 'table'),
  ...owned('use the exclude-tables input', 'exclude-table'),
  ...owned('use the exclude-table-data input', 'exclude-table-data'),
  ...owned(
    'rows are counted and hashed as COPY data, so that they can be proven',
    ...['inserts', 'column-inserts', 'attribute-inserts', 'rows-per-insert', 'on-conflict-do-nothing'],
  ),
  ...owned('the archive keeps the encoding of the database', 'encoding'),
  ...owned('the action follows the dump itself', 'verbose', 'version', 'help'),
]);

/** The short forms: those of `OWNED`, and those that take a value (documentation of `pg_dump`). */
const SHORT_OWNED: Readonly<Record<string, string>> = {
  f: 'file',
  F: 'format',
  j: 'jobs',
  Z: 'compress',
  d: 'dbname',
  h: 'host',
  p: 'port',
  U: 'username',
  W: 'password',
  w: 'no-password',
  n: 'schema',
  N: 'exclude-schema',
  t: 'table',
  T: 'exclude-table',
  E: 'encoding',
  v: 'verbose',
  V: 'version',
  '?': 'help',
};
const SHORT_WITH_VALUE = 'eS';
const LONG_WITH_VALUE = new Set([
  ...[
    'exclude-extension',
    'exclude-table-and-children',
    'exclude-table-data-and-children',
    'extension',
    'extra-float-digits',
  ],
  ...[
    'filter',
    'include-foreign-data',
    'lock-wait-timeout',
    'restrict-key',
    'role',
    'section',
    'snapshot',
    'superuser',
  ],
  ...['sync-method', 'table-and-children'],
]);
/** Whole options that happen to begin like an owned one: `getopt_long` takes an exact name before an abbreviation. */
const NOT_ABBREVIATIONS = new Set(['schema-only']);

/**
 * Refuses the words of `pg-dump-args` that would take the archive, the connection or the proof out of the action's
 * hands, in every spelling that `getopt_long` understands: abbreviated, bundled (`-vFt`), joined or apart.
 *
 * @throws UserError naming the word.
 */
export function checkedDumpArguments(input: string, words: readonly string[]): readonly string[] {
  let valueExpected = false;
  for (const word of words) {
    if (valueExpected) valueExpected = false;
    else if (word.startsWith('--')) valueExpected = checkLong(input, word);
    else if (word.startsWith('-') && word !== '-') valueExpected = checkShort(input, word);
    else {
      throw new UserError(
        `${input}: ${JSON.stringify(word)} is not an option.`,
        `Write values with their option, as in "--role=backup"; the database comes from connection-string.`,
      );
    }
  }
  if (valueExpected) {
    throw new UserError(`${input}: the last option lacks its value.`, 'Write it as in "--role=backup".');
  }
  return words;
}

function owned(instead: string, ...names: string[]): [string, string][] {
  return names.map((name) => [name, instead]);
}

/** @returns whether the next word is this option's value. */
function checkLong(input: string, word: string): boolean {
  const [name = '', value] = word.slice(2).split('=', 2);
  if (name === '') throw refusal(input, word, 'the database comes from connection-string');
  const isWhole = LONG_WITH_VALUE.has(name) || NOT_ABBREVIATIONS.has(name);
  const match = OWNED.has(name) || isWhole ? name : [...OWNED.keys()].find((owned) => owned.startsWith(name));
  const instead = match === undefined ? undefined : OWNED.get(match);
  if (instead !== undefined) throw refusal(input, `--${name}`, instead);
  return value === undefined && LONG_WITH_VALUE.has(name);
}

/** @returns whether the next word is the value of the last option in this bundle. */
function checkShort(input: string, word: string): boolean {
  const letters = Array.from(word.slice(1));
  for (const [index, letter] of letters.entries()) {
    const instead = OWNED.get(SHORT_OWNED[letter] ?? '');
    if (instead !== undefined) throw refusal(input, `-${letter}`, instead);
    if (SHORT_WITH_VALUE.includes(letter)) return index === letters.length - 1;
  }
  return false;
}

function refusal(input: string, option: string, instead: string): UserError {
  return new UserError(
    `${input}: ${option} cannot be given here: ${instead}.`,
    `Remove ${option} from ${input}.`,
  );
}
