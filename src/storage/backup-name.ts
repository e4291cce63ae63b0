import { UserError } from '../errors.ts';

/** What the artifact service refuses in a name, beside control characters (`@actions/artifact`, name validation). */
const FORBIDDEN = '"*/:<>?\\|';
/** The runner treats a line of the log with this as a command, and `@actions/artifact` prints the name unchanged. */
const COMMAND = '##[';
/** Leaves space for the time, the digest and the extensions within the 255 bytes of a file name. */
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
      `${input}: ${JSON.stringify(value)} contains ${JSON.stringify(bad)}, which is not allowed in artifact names.`,
      `Use letters, digits, "-", "_" and "." in ${input}.`,
    );
  }
  if (value.includes(COMMAND)) {
    throw new UserError(
      'invalid-input',
      `${input}: ${JSON.stringify(value)} contains "${COMMAND}", which the runner would treat as a command.`,
      `Use letters, digits, "-", "_" and "." in ${input}.`,
    );
  }
  if (value.startsWith('.') || Buffer.byteLength(value) > LONGEST_NAME_BYTES) {
    throw new UserError(
      'invalid-input',
      `${input}: the name starts with a dot or is longer than ${LONGEST_NAME_BYTES} bytes.`,
      `Choose a shorter, plain name for ${input}, for example the database's name.`,
    );
  }
  return value;
}

/** A name made from a database's name: characters that are not allowed in artifact names become `_`. */
export function backupNameOf(database: string): string {
  const name = Array.from(database, (character) => (isForbidden(character) ? '_' : character)).join('');
  let short = name.replace(/^\./, '_').replaceAll(COMMAND, '__[');
  while (Buffer.byteLength(short) > LONGEST_NAME_BYTES) short = Array.from(short).slice(0, -1).join('');
  return short;
}

function isForbidden(character: string): boolean {
  return FORBIDDEN.includes(character) || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(character);
}
