import { UserError } from '../../errors.ts';
import { quote } from './parsers.ts';

/** Which options of a command-line tool an input accepts, spelled as on the command line; `--role=` takes a value. */
export interface ToolOptions {
  readonly tool: string;
  readonly accepted: ReadonlySet<string>;
  /** Options that the action sets itself, or whose result it could not verify, with the reason or what to use instead. */
  readonly refused: ReadonlyMap<string, string>;
}

/** @param names options, separated by spaces. */
export function optionNames(...names: readonly string[]): string[] {
  return names.flatMap((each) => each.split(' '));
}

/** Entries of {@link ToolOptions.refused}: several options for one reason. */
export function refused(reason: string, ...names: readonly string[]): [string, string][] {
  return optionNames(...names).map((name) => [name, reason]);
}

/**
 * Checks the words of an input that are passed on to a tool: long options in full, with their value after `=`, and
 * single letters without one. Abbreviations, bundles such as `-Ox` and values as a word of their own are refused,
 * because each could be an option that the action sets itself.
 *
 * @returns the words as they were given.
 * @throws UserError naming the option, with the reason.
 */
export function checkedOptions(
  input: string,
  words: readonly string[],
  { tool, accepted, refused: refusedOptions }: ToolOptions,
): readonly string[] {
  for (const word of words) {
    const isLong = word.startsWith('--');
    const name = isLong ? word.replace(/=.*/s, '') : word.slice(0, 2);
    if (!/^-./.test(word)) throw noOption(input, word);
    const reason = refusedOptions.get(name);
    if (reason !== undefined) throw refusal(input, name, reason);
    if (accepted.has(isLong ? word.replace(/=.*/s, '=') : word)) continue;
    if (accepted.has(`${word}=`)) throw valueMissing(input, word);
    throw unknownOption(input, word, tool);
  }
  return words;
}

function noOption(input: string, word: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: ${quote(word)} is not an option.`,
    'Write a value together with its option, as in --role=backup. The database comes from connection-string.',
  );
}

function refusal(input: string, option: string, reason: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: ${option} cannot be used here: ${reason}.`,
    `Remove ${option} from ${input}.`,
  );
}

function valueMissing(input: string, option: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: ${option} needs a value.`,
    `Write it as one word: ${option}=VALUE.`,
  );
}

function unknownOption(input: string, word: string, tool: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: ${quote(word)} is not an option of ${tool} that can be used here.`,
    `Write each option in full and separately, with its value after "=", as in "--no-comments --role=backup". "${tool} --help" lists them.`,
  );
}
