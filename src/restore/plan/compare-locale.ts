import { type DatabaseLocale, localeOf } from '../../archive/toc/database-locale.ts';
import { plainLine } from '../../runner/plain-text.ts';
import type { Omission } from './omission.ts';
import { type PlanRequest, isFiltered } from './plan-request.ts';

/** What the target sorts text by, where that is not what the origin did: it is chosen when a database is created, and cannot be changed. */
export function differingLocale({ contents, target, options }: PlanRequest): readonly Omission[] {
  const origin = localeOf(contents.entries);
  const { locale } = target.properties;
  if (!origin || options.forTest || isFiltered(options) || sameText(origin) === sameText(locale)) return [];
  return [
    {
      what: 'locale of the database',
      names: [describe(origin)],
      why: `the target has ${plainLine(describe(locale))}, so it may sort and compare text in another way; only a database that is created with a locale has it`,
      level: 'warning',
    },
  ];
}

/** What it comes down to: systems write `en_US.UTF-8` and `en_US.utf8`. */
function sameText(locale: DatabaseLocale): string {
  const text = describe(locale).toLowerCase();
  return text.replaceAll('utf-8', 'utf8').replaceAll('posix', 'c');
}

/** `en_US.UTF-8 (libc)`. */
function describe({ provider, collate, ctype, locale }: DatabaseLocale): string {
  if (locale !== '') return `${locale} (${provider})`;
  return `${collate === ctype ? collate : `${collate} with LC_CTYPE ${ctype}`} (${provider})`;
}
