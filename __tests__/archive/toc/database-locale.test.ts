import { expect, it } from '@jest/globals';
import { localeOf } from '../../../src/archive/toc/database-locale.ts';
import { tocEntry } from './toc-entry.ts';

const CREATE = 'CREATE DATABASE "LOCALE" WITH TEMPLATE = template0 ENCODING = \'UTF8\'';

it.each([
  [
    `LC_COLLATE = 'de_DE.utf8' LC_CTYPE = 'C'`,
    { provider: 'libc', collate: 'de_DE.utf8', ctype: 'C', locale: '' },
  ],
  [`LOCALE = 'C'`, { provider: 'libc', collate: 'C', ctype: 'C', locale: '' }],
  [
    `LOCALE_PROVIDER = icu LOCALE = 'C' ICU_LOCALE = 'und' ICU_RULES = '&a < g LC_CTYPE = ''x''' TABLESPACE = fast`,
    { provider: 'icu', collate: 'C', ctype: 'C', locale: 'und' },
  ],
  [
    `LOCALE_PROVIDER = builtin LOCALE = 'C' BUILTIN_LOCALE = 'C.UTF-8'`,
    { provider: 'builtin', collate: 'C', ctype: 'C', locale: 'C.UTF-8' },
  ],
  ['', undefined],
])('of a database with %s', (options, locale) => {
  expect(localeOf([tocEntry({ kind: 'DATABASE', definition: `${CREATE} ${options};\n` })])).toEqual(locale);
});
