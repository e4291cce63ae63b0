import { createOptions } from './database-entries.ts';
import type { TocEntry } from './table-of-contents.ts';

/** By what a database sorts, compares and classifies text. */
export interface DatabaseLocale {
  /** `libc`, `icu` or `builtin`. */
  readonly provider: string;
  readonly collate: string;
  readonly ctype: string;
  /** Of the provider, where that is not libc; empty otherwise. */
  readonly locale: string;
}

/** As `CREATE DATABASE` of an archive states it (`dumpDatabase` in pg_dump.c); undefined where it does not. */
export function localeOf(entries: readonly TocEntry[]): DatabaseLocale | undefined {
  const options = createOptions(entries.find(({ kind }) => kind === 'DATABASE')?.definition ?? '');
  const collate = options.get('LC_COLLATE') ?? options.get('LOCALE');
  const ctype = options.get('LC_CTYPE') ?? options.get('LOCALE');
  if (collate === undefined || ctype === undefined) return undefined;
  return {
    // Before 15, there was no other.
    provider: options.get('LOCALE_PROVIDER') ?? 'libc',
    collate,
    ctype,
    locale: options.get('ICU_LOCALE') ?? options.get('BUILTIN_LOCALE') ?? '',
  };
}
