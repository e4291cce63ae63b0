import { UserError } from '../../errors.ts';
import { quote } from './parsers.ts';

/** A name as SQL writes it: without quotes in lower case, or in double quotes, which are written twice in it. */
const NAME = /^(?:([\p{L}_][\p{L}\p{N}_$]*)|"((?:[^"\0]|"")+)")$/u;
/** Commas that are not in quotes. */
const COMMA = /,(?=(?:[^"]*"[^"]*")*[^"]*$)/;

/**
 * The names of schemas, separated by commas, as in `SET search_path`.
 *
 * @throws UserError naming the input and what cannot stand in it.
 */
export function schemaNames(input: string, value: string): readonly string[] {
  if (value.trim() === '') return [];
  return value.split(COMMA).map((part) => {
    const [, plain, quoted] = NAME.exec(part.trim()) ?? [];
    const name = plain?.toLowerCase() ?? quoted?.replaceAll('""', '"');
    if (name === undefined) throw refusal(input, part.trim(), 'is not the name of a schema');
    // Before pg_catalog, functions of a schema would stand in for those of PostgreSQL.
    if (name.startsWith('pg_')) throw refusal(input, name, 'is a schema of PostgreSQL itself');
    return name;
  });
}

function refusal(input: string, part: string, why: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: ${quote(part)} ${why}.`,
    `Write the names of schemas, separated by commas: "${input}: public, extensions". A name with capitals or spaces stands in double quotes.`,
  );
}
