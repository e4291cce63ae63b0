import path from 'node:path';
import { UserError } from '../errors.ts';
import { lines, quote } from '../runner/inputs/parsers.ts';
import { BUCKET_SCHEME, type BucketPlace, readBucketLine } from './s3/bucket-place.ts';

/** A line of `storage`: where backups are kept. */
export type StoreLine =
  | { readonly kind: 'artifact' }
  | {
      readonly kind: 'folder';
      /** As it is written. */
      readonly given: string;
    }
  | { readonly kind: 'bucket'; readonly place: BucketPlace };

const ARTIFACT = 'artifact';
const ALLOWED = `"${ARTIFACT}", a bucket ("${BUCKET_SCHEME}BUCKET/PREFIX"), or the path of a folder that starts with "./", "../" or "/"`;

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
    `${input}: ${quote(writtenAs(twice))} is there twice.`,
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
  if (line.startsWith(BUCKET_SCHEME)) return { kind: 'bucket', place: readBucketLine(input, line) };
  if (/^\.{1,2}[\\/]/.test(line) || path.isAbsolute(line)) return { kind: 'folder', given: line };
  throw new UserError(
    'invalid-input',
    `${input}: ${quote(line)} must be ${ALLOWED}.`,
    `Write "${input}: ${ARTIFACT}", "${input}: ${BUCKET_SCHEME}BUCKET" or, for a folder, "${input}: ./backups/".`,
  );
}

/** The region does not tell buckets apart. */
function isSame(one: StoreLine, other: StoreLine): boolean {
  if (one.kind === 'folder' && other.kind === 'folder')
    return path.resolve(one.given) === path.resolve(other.given);
  if (one.kind === 'bucket' && other.kind === 'bucket')
    return (['bucket', 'prefix', 'endpoint'] as const).every((part) => one.place[part] === other.place[part]);
  return one.kind === other.kind;
}

function writtenAs(store: StoreLine): string {
  switch (store.kind) {
    case 'artifact':
      return ARTIFACT;
    case 'folder':
      return store.given;
    case 'bucket':
      return store.place.given;
  }
}

function nothing(input: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: the value is empty.`,
    `Write ${ALLOWED}; or remove ${input} for "${ARTIFACT}".`,
  );
}
