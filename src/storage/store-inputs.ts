import path from 'node:path';
import { UserError } from '../errors.ts';
import { lines, quote } from '../runner/inputs/parsers.ts';

/** A line of `storage`: where backups are kept. */
export type StoreLine =
  | { readonly kind: 'artifact' }
  | {
      readonly kind: 'folder';
      /** As it is written. */
      readonly given: string;
    };

const ARTIFACT = 'artifact';
const ALLOWED = `"${ARTIFACT}", or the path of a folder that starts with "./", "../" or "/"`;

/**
 * Reads `storage` of the backup action: one store a line.
 *
 * @throws UserError naming the line.
 */
export function readStores(input: string, value: string): readonly StoreLine[] {
  const stores = lines(value).map((line) => readLine(input, line));
  if (stores.length === 0) throw nothing(input);
  const twice = stores.find((store, index) => stores.slice(0, index).some((other) => isSame(store, other)));
  if (!twice) return stores;
  throw new UserError(
    'invalid-input',
    `${input}: ${quote(twice.kind === 'folder' ? twice.given : twice.kind)} is there twice.`,
    `Name each store once in ${input}.`,
  );
}

/**
 * Reads `storage` of the other actions: one store.
 *
 * @throws UserError when it is none, or several.
 */
export function readStore(input: string, value: string): StoreLine {
  const [line, ...more] = lines(value);
  if (line === undefined) throw nothing(input);
  if (more.length === 0) return readLine(input, line);
  throw new UserError(
    'invalid-input',
    `${input}: there are ${more.length + 1} lines, and only one store is used here.`,
    `Write one of them: ${ALLOWED}.`,
  );
}

function readLine(input: string, line: string): StoreLine {
  if (line === ARTIFACT) return { kind: 'artifact' };
  if (/^\.{1,2}[\\/]/.test(line) || path.isAbsolute(line)) return { kind: 'folder', given: line };
  throw new UserError(
    'invalid-input',
    `${input}: ${quote(line)} must be ${ALLOWED}.`,
    `Write "${input}: ${ARTIFACT}" or, for a folder, "${input}: ./backups/".`,
  );
}

function isSame(one: StoreLine, other: StoreLine): boolean {
  if (one.kind !== 'folder' || other.kind !== 'folder') return one.kind === other.kind;
  return path.resolve(one.given) === path.resolve(other.given);
}

function nothing(input: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: the value is empty.`,
    `Write ${ALLOWED}; or remove ${input} for "${ARTIFACT}".`,
  );
}
