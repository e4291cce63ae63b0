import { nameKey } from '../names.ts';
import type { TocEntry } from './table-of-contents.ts';

/** Kinds of entries that create a relation. */
export const RELATION_KINDS: ReadonlySet<string> = new Set([
  'TABLE',
  'VIEW',
  'MATERIALIZED VIEW',
  'FOREIGN TABLE',
  'SEQUENCE',
]);

/** Other kinds of named objects, apart from relations, types and routines. */
const NAMED_KINDS: ReadonlySet<string> = new Set([
  'SCHEMA',
  'EXTENSION',
  'COLLATION',
  'CONVERSION',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'FOREIGN DATA WRAPPER',
  'SERVER',
  'USER MAPPING',
  'CAST',
  'TRANSFORM',
  'ACCESS METHOD',
  'PROCEDURAL LANGUAGE',
  'EVENT TRIGGER',
  'PUBLICATION',
]);

/**
 * Identifies the object that an entry creates, to find an object in the target that would block it: by its name, and for
 * routines and operators also by the types of the arguments. Undefined for parts of another object.
 */
export function identityOf({ kind, schema, tag, dropStatement }: TocEntry): string | undefined {
  if (RELATION_KINDS.has(kind)) return nameKey('relation', schema, tag);
  if (NAMED_KINDS.has(kind)) return nameKey(kind, schema, tag);
  switch (kind) {
    case 'TYPE':
    case 'SHELL TYPE':
    case 'DOMAIN':
      return nameKey('type', schema, tag);
    case 'FUNCTION':
    case 'PROCEDURE':
    case 'AGGREGATE':
      return nameKey('routine', schema, tag.replace(/\(\*\)$/, '()'));
    case 'OPERATOR':
      return nameKey(kind, schema, `${tag} ${operands(dropStatement)}`);
    case 'OPERATOR CLASS':
    case 'OPERATOR FAMILY':
      return nameKey(kind, schema, `${tag} ${accessMethod(dropStatement)}`);
    default:
      return undefined;
  }
}

/** `DROP OPERATOR public.+ (integer, NONE);` → `(integer, NONE)`. */
function operands(dropStatement: string): string {
  const sql = dropStatement.trimEnd();
  const at = sql.indexOf(' (');
  return at !== -1 && sql.endsWith(');') ? sql.slice(at + 1, -1) : '';
}

/** `DROP OPERATOR CLASS public.c USING btree;` → `USING btree`. */
function accessMethod(dropStatement: string): string {
  const sql = dropStatement.trimEnd();
  const at = sql.lastIndexOf('USING ');
  return at !== -1 && sql.endsWith(';') ? sql.slice(at, -1) : '';
}

/**
 * The large objects that an entry creates, as OIDs in decimal digits. Before version 1.16 of the format (PostgreSQL 17)
 * there is an entry for each (`dumpLO` in pg_dump.c).
 */
export function largeObjectsOf({ kind, tag, definition }: TocEntry): string[] {
  if (kind === 'BLOB') return [tag];
  return kind === 'BLOB METADATA' ? (definition.match(/^\d+$/gm) ?? []) : [];
}
