import type { Rule } from './rule.ts';

/** Something that is called without its schema; one in another schema than PostgreSQL's own is then not found. */
const UNQUALIFIED =
  /^(?:(function (?:"[^".]*"|[\w$]+)\([^()]*\)|(?:relation|type|text search (?:configuration|dictionary)) "[^".]*") does not exist$|(operator) does not exist(: .*))/;
const IN_FUNCTION = /^CONTEXT: {2}(?:PL\/pgSQL|SQL) function (?:"([^"]*)"|(\S.*?\)) line \d)/;
const NAME = String.raw`(?:"[^"]*"|[\w$]+)(?:\.(?:"[^"]*"|[\w$]+))*`;
const BUILT = new RegExp(String.raw`^((?:CREATE (?:UNIQUE )?INDEX|REFRESH MATERIALIZED VIEW) ${NAME})`);
const STATEMENT = new RegExp(String.raw`^((?:CREATE|ALTER|COPY)[A-Z ]* ${NAME})`);
/** The block that adds CHECK constraints when all rows are there. */
const ADDS_CHECKS = /^DO\b/;

const CAUSE =
  'The function $c, which the backup needs for $q, calls this without its schema: $1$2$3. It is not in the search path of the restore, which is empty unless search-path is set.';
const IN_ORIGIN =
  'In the origin, run ALTER FUNCTION … SET search_path = …, with the schemas that the function needs, and make a new backup.';
const FOR_THIS_BACKUP =
  'To restore this backup as it is, set search-path to these schemas, on which the user needs USAGE, for example "search-path: public, extensions".';

/**
 * What works in the origin because of its search path. `pg_dump` writes names with their schemas and has the restore run with
 * an empty path, but it does not know what a function calls. Sources: parse_func.c, parse_oper.c; release notes of PostgreSQL 17.
 */
export const SEARCH_PATH_RULES: readonly Rule[] = [
  {
    from: 'server',
    pattern: UNQUALIFIED,
    query: BUILT,
    context: IN_FUNCTION,
    cause: CAUSE,
    hint: `${IN_ORIGIN} ${FOR_THIS_BACKUP} PostgreSQL 17 and newer build indexes and materialized views with an empty path always: there, only ALTER FUNCTION helps.`,
  },
  {
    from: 'server',
    pattern: UNQUALIFIED,
    query: STATEMENT,
    context: IN_FUNCTION,
    cause: CAUSE,
    hint: `${IN_ORIGIN} ${FOR_THIS_BACKUP}`,
  },
  {
    from: 'server',
    pattern: UNQUALIFIED,
    query: ADDS_CHECKS,
    context: IN_FUNCTION,
    cause: CAUSE.replace('the backup needs for $q', 'a CHECK constraint of the backup needs'),
    hint: `${IN_ORIGIN} ${FOR_THIS_BACKUP}`,
  },
  {
    from: 'server',
    pattern: /^operator does not exist(: .*)/,
    query: STATEMENT,
    cause:
      'The backup needs an operator for $q that cannot be named with its schema$1. It is not in the search path of the restore, which is empty unless search-path is set.',
    hint: `${FOR_THIS_BACKUP} IS DISTINCT FROM, NULLIF and IN cannot name a schema; for the next backups, write OPERATOR(schema.=) in the origin instead.`,
  },
];
