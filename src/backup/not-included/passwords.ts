import { displayName } from '../../archive/toc/entry-names.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';

/** The end of a name of an option or a setting whose value is a secret. */
const SECRET =
  /(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|jwt|(?:^|_)key)(?:_?\d+|_key)?$/i;
/** A name and its value, as pg_dump writes the options of foreign servers and user mappings. */
const OPTION = /[\s(]"?(\w+)"? '/g;
/** A setting that is not PostgreSQL's own: those have no dot. */
const SETTING = /^(ALTER (?:DATABASE|ROLE) .*?)?\s*SET "?(\w+(?:\.\w+)+)"? (?:TO|=) /gm;
/** In a connection string: a keyword, or a part of a URL. */
const IN_CONNECTION = /\bpassword\s*=|:\/\/[^\s:/@]*:[^\s@]+@/;

/** The objects of an archive whose definitions contain what seems to be a password, by name; never its value. */
export function passwordsIn(entries: readonly TocEntry[]): string[] {
  return entries.flatMap((entry) => {
    const { kind, definition } = entry;
    switch (kind) {
      case 'USER MAPPING':
        return hasSecretOption(definition) ? [`user mapping ${displayName(entry)}`] : [];
      case 'SERVER':
        return hasSecretOption(definition) ? [`foreign server ${displayName(entry)}`] : [];
      case 'SUBSCRIPTION':
        return IN_CONNECTION.test(definition) ? [`subscription ${displayName(entry)}`] : [];
      case 'DATABASE PROPERTIES':
        return secretSettings(definition).map(
          ({ name, by }) =>
            `setting ${name} of ${by.startsWith('ALTER ROLE') ? 'a role in the database' : 'the database'}`,
        );
      case 'FUNCTION':
      case 'PROCEDURE':
        return secretSettings(definition).map(({ name }) => `setting ${name} of ${displayName(entry)}`);
      default:
        return [];
    }
  });
}

function hasSecretOption(definition: string): boolean {
  return Array.from(definition.matchAll(OPTION), ([, name = '']) => name).some((name) => SECRET.test(name));
}

function secretSettings(definition: string): { readonly name: string; readonly by: string }[] {
  return Array.from(definition.matchAll(SETTING), ([, by = '', name = '']) => ({ by, name })).filter(
    ({ name }) => SECRET.test(name),
  );
}
