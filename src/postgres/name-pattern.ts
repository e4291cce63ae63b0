import { type LinearRegex, linearRegex } from './linear-regex.ts';
import type { Relation } from './preflight.ts';

/** A pattern of psql as two regular expressions; `undefined` when it uses more than they can do. */
export type Pattern = { readonly schema: LinearRegex | undefined; readonly name: LinearRegex } | undefined;

/** Whether a pattern for tables matches this relation; without a schema it matches what the search path finds. */
export function matchesRelation(
  pattern: Pattern,
  relation: Pick<Relation, 'schema' | 'name' | 'visible'>,
): boolean {
  if (!pattern?.name.test(relation.name)) return false;
  return pattern.schema ? pattern.schema.test(relation.schema) : relation.visible;
}

export function matchesSchema(pattern: Pattern, schema: string): boolean {
  return pattern?.name.test(schema) ?? false;
}

/**
 * Reads a pattern as psql and pg_dump do (`patternToSQLRegex` in fe_utils/string_utils.c): `*` and `?` are wildcards, a dot
 * separates schema and name, letters outside double quotes are folded to lower case, other regular-expression
 * characters keep their meaning outside double quotes.
 */
export function readPattern(text: string): Pattern {
  const parts = [''];
  const append = (expression: string): void => {
    parts.push((parts.pop() ?? '') + expression);
  };
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '"') {
      if (quoted && text[index + 1] === '"') {
        append('"');
        index++;
      } else quoted = !quoted;
    } else if (quoted) append(escapeRegex(character));
    else if (character === '*') append('.*');
    else if (character === '?') append('.');
    else if (character === '.') parts.push('');
    else if (character === '$') append('\\$');
    else append(/[A-Z]/.test(character) ? character.toLowerCase() : character);
  }
  const [name = '', schema] = parts.reverse();
  try {
    return {
      name: linearRegex(name),
      schema: schema === undefined ? undefined : linearRegex(schema),
    };
  } catch {
    // PostgreSQL's regular expressions have more features: then only pg_dump decides.
    return undefined;
  }
}

function escapeRegex(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
