import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exactPattern, filterPattern } from '../../archive/names.ts';
import type { PgSession } from '../../postgres/session.ts';

/** The longest arguments that every platform takes, Windows included. */
const ARGUMENTS_LIMIT = 24 * 1024;
const FILTER_FILES_SINCE = 17;

/** Relations that `pg_dump` is told to dump, or to leave out. */
export interface FilteredRelation {
  /** Its schema and name. */
  readonly parts: readonly string[];
  readonly option: 'table' | 'table-and-children' | 'exclude-table' | 'exclude-table-data';
}

/** Names for `pg_dump`, in a file where it takes one. */
export interface DumpFilter extends AsyncDisposable {
  readonly args: readonly string[];
}

/** Whether the tools can be given these names; else everything has to be dumped. */
export function canSelect(
  toolsMajor: number,
  names: readonly (readonly string[])[],
  encoding: string | undefined,
): boolean {
  // pg_dump reads patterns in the encoding that it writes.
  const plain = encoding === undefined || encoding === 'UTF8';
  if (!plain && names.some((parts) => /[^\0-\x7f]/.test(parts.join('')))) return false;
  if (toolsMajor >= FILTER_FILES_SINCE) return true;
  return names.reduce((sum, parts) => sum + exactPattern(parts).length + 16, 0) < ARGUMENTS_LIMIT;
}

/** Writes the file of `pg_dump --filter`; it is removed with the object. */
export async function dumpFilter(
  relations: readonly FilteredRelation[],
  { session: { tools }, workFolder }: { readonly session: PgSession; readonly workFolder: string },
): Promise<DumpFilter> {
  const argument = ({ parts, option }: FilteredRelation): string => `--${option}=${exactPattern(parts)}`;
  if (relations.length === 0 || tools.major < FILTER_FILES_SINCE) {
    return { args: relations.map(argument), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const file = path.join(workFolder, `verification-${randomBytes(6).toString('hex')}.filter`);
  const lines = relations.flatMap(({ parts, option }) => {
    const pattern = filterPattern(parts);
    const isExclusion = option.startsWith('exclude-');
    const kind = option.replace('exclude-', '').replaceAll('-', '_');
    return pattern === undefined ? [] : [`${isExclusion ? 'exclude' : 'include'} ${kind} ${pattern}\n`];
  });
  await writeFile(file, lines.join(''), { mode: 0o600, flag: 'wx' });
  const others = relations.filter(({ parts }) => filterPattern(parts) === undefined).map(argument);
  return {
    args: [`--filter=${file}`, ...others],
    [Symbol.asyncDispose]: () => rm(file, { force: true }),
  };
}
