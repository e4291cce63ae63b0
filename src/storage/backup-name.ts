import { UserError } from '../errors.ts';

/** What the artifact service refuses in a name, beside control characters (`@actions/artifact`, name validation). */
const FORBIDDEN = '"*/:<>?\\|';
/** The runner takes a line of the log that holds this for a command, and `@actions/artifact` prints the name as it is. */
const COMMAND = '##[';
/** Leaves room for the time, the digest and the endings within the 255 bytes of a file name. */
const LONGEST_NAME_BYTES = 180;

/**
 * Checks a `backup-name` that a user wrote.
 *
 * @throws UserError naming the input and the character that cannot be used.
 */
export function checkedBackupName(input: string, value: string): string {
  const bad = Array.from(value).find(isForbidden);
  if (bad !== undefined) {
    throw new UserError(
      'invalid-input',
      `${input}: ${JSON.stringify(value)} holds ${JSON.stringify(bad)}, which artifact names cannot have.`,
      `Use letters, digits, "-", "_" and "." in ${input}.`,
    );
  }
  if (value.includes(COMMAND)) {
    throw new UserError(
      'invalid-input',
      `${input}: ${JSON.stringify(value)} holds "${COMMAND}", which the runner would take for a command.`,
      `Use letters, digits, "-", "_" and "." in ${input}.`,
    );
  }
  if (value.startsWith('.') || Buffer.byteLength(value) > LONGEST_NAME_BYTES) {
    throw new UserError(
      'invalid-input',
      `${input}: the name begins with a dot or is longer than ${LONGEST_NAME_BYTES} bytes.`,
      `Choose a shorter, plain name for ${input}, for example the database's name.`,
    );
  }
  return value;
}

/** A name made from a database's name: what artifact names cannot have becomes `_`. */
export function backupNameOf(database: string): string {
  const name = Array.from(database, (character) => (isForbidden(character) ? '_' : character)).join('');
  let short = name.replace(/^\./, '_').replaceAll(COMMAND, '__[');
  while (Buffer.byteLength(short) > LONGEST_NAME_BYTES) short = Array.from(short).slice(0, -1).join('');
  return short;
}

function isForbidden(character: string): boolean {
  return FORBIDDEN.includes(character) || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(character);
}
