/** Shown instead of a text that may contain values of rows, because a log may be public. */
export const WITHHELD = '(text not shown: it may contain values of rows)';

const KIND =
  '(?:relation|(?:foreign |partitioned )?table|(?:materialized )?view|index|sequence|schema|(?:composite )?type|domain|function|procedure|routine|aggregate|operator(?: class| family)?|language|extension|role|database|tablespace|collation|conversion|constraint|column|trigger|event trigger|rule|policy|publication|subscription|foreign[ -]data wrapper|(?:foreign )?server|text search (?:configuration|dictionary|parser|template)|access method|statistics object|large object|default value)';
const NAME = String.raw`(?:"[^"]*"|[\w$.]+)`;
/** An object of the database by its kind and name, as in messages. */
export const OBJECT = String.raw`${KIND} ${NAME}(?:\([^()]*\))?(?: (?:of|for|on) (?:${KIND} )?${NAME})*`;

/** An object that is missing or exists already. */
export const EXISTENCE = String.raw`${OBJECT} (?:already exists(?: with same argument types)?|does not exist(?: for access method ${NAME})?)|operator does not exist: [\w ."\[\]]+ [-+*/<>=~!@#%^&|?${'`'}]+ [\w ."\[\]]+`;

/** A dependency, as DROP without CASCADE lists it. */
export const DEPENDENCE = new RegExp(
  String.raw`^(?:DETAIL: {2})?((?:default value for )?${OBJECT}|\S+(?: \S+){0,2} ${NAME}(?:\([^()]*\))?(?: on ${OBJECT})?) depends on (${OBJECT})$`,
);

/**
 * Messages of the server that consist of fixed text, names and numbers. Sources: catalog/, commands/, executor/execMain.c,
 * utils/adt/ri_triggers.c, access/nbtree, tcop/postgres.c. An error that a user's function raises matches none of them.
 */
const WHOLE = [
  String.raw`permission denied (?:for ${OBJECT}|to (?:create|set|alter|drop|grant|change) [\w ]+(?:"[^"]*")?)`,
  String.raw`must be (?:owner of ${OBJECT}|superuser to [\w ]+|able to SET ROLE "[^"]*"|(?:a )?member of role "[^"]*")`,
  String.raw`(?:duplicate key value violates unique|conflicting key value violates exclusion) constraint "[^"]*"`,
  String.raw`new row for relation "[^"]*" violates (?:check constraint "[^"]*"|partition constraint)`,
  String.raw`(?:insert or update|update or delete) on table "[^"]*" violates foreign key constraint "[^"]*"(?: on table "[^"]*")?`,
  String.raw`(?:check|partition) constraint (?:"[^"]*" )?of relation "[^"]*" is violated by some row`,
  String.raw`could not create (?:unique index|exclusion constraint) "[^"]*"`,
  String.raw`null value in column "[^"]*"(?: of relation "[^"]*")? violates not-null constraint`,
  String.raw`column "[^"]*" of relation "[^"]*" contains null values`,
  String.raw`cannot insert a non-DEFAULT value into column "[^"]*"`,
  String.raw`domain [\w".]+ does not allow null values|value for domain [\w".]+ violates check constraint "[^"]*"`,
  String.raw`no partition of relation "[^"]*" found for row`,
  String.raw`new row violates row-level security policy(?: "[^"]*")? for table "[^"]*"`,
  String.raw`query would be affected by row-level security policy for table "[^"]*"`,
  String.raw`value too long for type [\w ]+\(\d+\)|numeric field overflow|division by zero`,
  String.raw`(?:smallint|integer|bigint|oid|money|date|timestamp|interval|value|"?(?:real|double precision)"?) out of range(?:: (?:over|under)flow)?`,
  String.raw`(?:missing data for|extra data after last expected) column(?: "[^"]*")?`,
  String.raw`multiple primary keys for table "[^"]*" are not allowed`,
  String.raw`there is no unique constraint matching given keys for referenced table "[^"]*"`,
  String.raw`cannot drop ${OBJECT} because other objects depend on it`,
  String.raw`extension "[^"]*" is not available|schema "[^"]*" is not a member of extension "[^"]*"`,
  String.raw`could not (?:access|load library|open extension control) (?:file )?"[^"]*"(?:: [\w ]+)?`,
  String.raw`unrecognized configuration parameter "[^"]*"|parameter "[^"]*" cannot be [\w ]+`,
  String.raw`could not (?:create locale|open collator for locale|obtain lock on relation) "[^"]*"(?:: [\w ]+)?`,
  String.raw`could not (?:read|write|extend|open|fsync|close) (?:file|block \d+ in file) "(?:base|global|pg_\w+)/[^"]*"(?:: [\w ]+)?`,
  String.raw`cannot execute [A-Z ]+ in a read-only transaction`,
  String.raw`(?:terminating connection|canceling statement|canceling authentication) due to [\w -]+`,
  String.raw`terminating connection because of crash of another server process`,
  String.raw`deadlock detected|out of (?:shared )?memory|stack depth limit exceeded|current transaction is aborted, commands ignored until end of transaction block`,
  String.raw`the database system is [\w ]+|sorry, too many clients already|remaining connection slots are reserved for [\w ]+`,
  String.raw`invalid memory alloc request size \d+|invalid page in block \d+ of relation \S+|cache lookup failed for [\w ]+ \d+`,
  String.raw`function [\w".]+\([^()]*\) is not unique|type "[^"]*" is only a shell`,
  String.raw`there is no transaction in progress|there is already a transaction in progress|no privileges (?:were granted|could be revoked) for "[^"]*"`,
];

/** Messages that end with a value: only the part before it is shown. */
const CUT = [
  String.raw`invalid input (?:syntax for type|value for enum) [\w". ]+`,
  String.raw`malformed (?:array|record|range|multirange) literal`,
  String.raw`date\/time field value out of range|interval field value out of range`,
  String.raw`invalid byte sequence for encoding "\w+"`,
  String.raw`syntax error in tsquery|no operand in tsquery|invalid regular expression|invalid (?:cidr|XML) \w+`,
  String.raw`unsupported (?:Unicode escape|XML feature)`,
];

const EXISTENCE_MESSAGE = new RegExp(`^(?:${EXISTENCE})$`);
const WHOLE_MESSAGE = new RegExp(`^(?:${WHOLE.join('|')})$`);
const CUT_MESSAGE = new RegExp(String.raw`^(?:${CUT.join('|')})(?=$|:| )`);
/** Of these, the name may be a value that a function was given: `set_config(…)`, `has_table_privilege(…)`. */
const NAMES_VALUE =
  /^(?:permission denied to|must be|unrecognized|parameter|no privileges|could not (?!create unique|create excl))/;
const OUT_OF_RANGE = /^value ".*" is (out of range for type [\w ]+)$/;

/**
 * The part of a server's message that may be shown: all of it when it is known to consist of fixed text, names and numbers, its start
 * when a value follows.
 *
 * @param isOfRow whether a name in it may be a value of a row.
 * @returns undefined for any other, since it may contain values.
 */
export function safeMessage(message: string, isOfRow: boolean): string | undefined {
  if (!isOfRow && EXISTENCE_MESSAGE.test(message)) return message;
  if (WHOLE_MESSAGE.test(message)) return isOfRow && NAMES_VALUE.test(message) ? undefined : message;
  const [, range] = OUT_OF_RANGE.exec(message) ?? [];
  const shown = range === undefined ? CUT_MESSAGE.exec(message)?.[0] : `a value is ${range}`;
  return shown === undefined || shown === message ? shown : `${shown} (the value is not shown)`;
}
