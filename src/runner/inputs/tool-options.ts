import { UserError } from '../../errors.ts';
import { quote } from './parsers.ts';

/** The options of a command-line tool, as far as words from a workflow must be told apart. */
export interface ToolOptions {
  /** The name of the tool, for the messages. */
  readonly tool: string;
  /** An option with its value, for the hints. */
  readonly example: string;
  /** By long name: what the action sets itself, or whose result it could not prove; with what to do instead. */
  readonly refused: ReadonlyMap<string, string>;
  /** The long names by their letters, of refused options and of those that take a value. */
  readonly letters: Readonly<Record<string, string>>;
  /** Other options that take a value. */
  readonly withValue: ReadonlySet<string>;
  /** Other options without a value: `getopt_long` takes an exact name before an abbreviation of another. */
  readonly withoutValue: ReadonlySet<string>;
  /** Whether the two sets hold all that there is: an option in none of them is then a mistake. */
  readonly onlyThese: boolean;
}

/** Entries of {@link ToolOptions.refused}: several options for one reason. */
export function refused(instead: string, ...names: readonly string[]): [string, string][] {
  return names.map((name) => [name, instead]);
}

/**
 * Refuses the words of an input that would take the tool's work out of the action's hands, in every spelling that
 * `getopt_long` understands: abbreviated, bundled (`-vFt`), joined or apart.
 *
 * @returns the words as they were given.
 * @throws UserError naming the word.
 */
export function checkedOptions(
  input: string,
  words: readonly string[],
  options: ToolOptions,
): readonly string[] {
  let valueExpected = false;
  for (const word of words) {
    if (valueExpected) valueExpected = false;
    else if (word.startsWith('--')) valueExpected = checkLong(input, word, options);
    else if (word.startsWith('-') && word !== '-') valueExpected = checkLetters(input, word, options);
    else {
      throw new UserError(
        'invalid-input',
        `${input}: ${JSON.stringify(word)} is not an option.`,
        `Write values with their option, as in "${options.example}"; the database comes from connection-string.`,
      );
    }
  }
  if (!valueExpected) return words;
  throw new UserError(
    'invalid-input',
    `${input}: the last option lacks its value.`,
    `Write it as in "${options.example}".`,
  );
}

/** @returns whether the next word is this option's value. */
function checkLong(input: string, word: string, options: ToolOptions): boolean {
  const [written = '', value] = word.slice(2).split('=', 2);
  if (written === '') throw refusal(input, word, 'the database comes from connection-string');
  const name = wholeName(written, options);
  const instead = options.refused.get(name ?? '');
  if (instead !== undefined) throw refusal(input, `--${written}`, instead);
  if (name === undefined && options.onlyThese) throw unknown(input, `--${written}`, options);
  return value === undefined && options.withValue.has(name ?? '');
}

/** The option that is meant; a refused one where an abbreviation could mean several, because the tool may take it so. */
function wholeName(
  written: string,
  { refused: refusedOptions, withValue, withoutValue }: ToolOptions,
): string | undefined {
  const names = [...refusedOptions.keys(), ...withValue, ...withoutValue];
  return names.find((name) => name === written) ?? names.find((name) => name.startsWith(written));
}

/** @returns whether the next word is the value of the last option in this bundle. */
function checkLetters(input: string, word: string, options: ToolOptions): boolean {
  const letters = Array.from(word.slice(1));
  for (const [index, letter] of letters.entries()) {
    const name = options.letters[letter] ?? '';
    const instead = options.refused.get(name);
    if (instead !== undefined) throw refusal(input, `-${letter}`, instead);
    if (options.withValue.has(name)) return index === letters.length - 1;
    if (name === '' && options.onlyThese) throw unknown(input, `-${letter}`, options);
  }
  return false;
}

function refusal(input: string, option: string, instead: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: ${option} cannot be given here: ${instead}.`,
    `Remove ${option} from ${input}.`,
  );
}

function unknown(input: string, option: string, { tool, withValue, withoutValue }: ToolOptions): UserError {
  const names = [...withValue, ...withoutValue].map((name) => `--${name}`);
  return new UserError(
    'invalid-input',
    `${input}: ${quote(option)} is not an option of ${tool} that can be given here.`,
    `What can be given: ${names.join(', ')}.`,
  );
}
