import type { Environment } from '../process/run.ts';

/** A setting that is not left to the role or the database. */
interface Setting {
  readonly name: string;
  readonly value: string;
  /** The first major version of the server that has it; all of them when absent. */
  readonly since?: number;
  /** Whether only a superuser may set it. */
  readonly superuser?: true;
}

/** How values of the type bytea are printed. */
export const BYTEA_OUTPUT = 'hex';

/**
 * Settings of every session of this action, on the source and on the target: a value must be printed and read alike, and
 * nothing may end a session that still works. A role or a database may set all of them otherwise (`ALTER DATABASE … SET`).
 *
 * Not among them is what a tool sets in every session after its start: pg_dump an empty search_path, row_security,
 * synchronize_seqscans and restrict_nonsystem_relation_kind (`setup_connection` in pg_dump.c); the script of pg_restore
 * client_encoding, search_path, check_function_bodies, row_security and default_table_access_method. Nor the search path of
 * the role, in which `pg_dump --table` finds a name without a schema; nor lc_monetary: whoever restores the backup with
 * pg_restore alone needs amounts of money as the server prints them.
 */
const SETTINGS: readonly Setting[] = [
  { name: 'bytea_output', value: BYTEA_OUTPUT },
  { name: 'DateStyle', value: 'ISO,MDY' },
  { name: 'IntervalStyle', value: 'postgres' },
  { name: 'extra_float_digits', value: '3' },
  { name: 'xmlbinary', value: 'base64' },
  { name: 'xmloption', value: 'content' },
  { name: 'array_nulls', value: 'on' },
  { name: 'transform_null_equals', value: 'off' },
  { name: 'standard_conforming_strings', value: 'on' },
  { name: 'backslash_quote', value: 'safe_encoding' },
  { name: 'quote_all_identifiers', value: 'off' },
  { name: 'default_tablespace', value: '' },
  { name: 'default_transaction_isolation', value: 'read committed' },
  { name: 'default_transaction_read_only', value: 'off' },
  { name: 'default_transaction_deferrable', value: 'off' },
  { name: 'client_min_messages', value: 'notice' },
  { name: 'statement_timeout', value: '0' },
  { name: 'lock_timeout', value: '0' },
  { name: 'idle_in_transaction_session_timeout', value: '0', since: 10 },
  { name: 'idle_session_timeout', value: '0', since: 14 },
  { name: 'transaction_timeout', value: '0', since: 17 },
  // The diagnosis reads messages in English.
  { name: 'lc_messages', value: 'C', superuser: true },
  // Otherwise triggers and foreign keys do not act on what is restored.
  { name: 'session_replication_role', value: 'origin', superuser: true },
  // A row that cannot be read must not be left out in silence.
  { name: 'zero_damaged_pages', value: 'off', superuser: true },
  { name: 'ignore_checksum_failure', value: 'off', superuser: true },
];

/** What decides which settings a server takes from a role. */
export interface SettingsTaker {
  readonly major: number;
  readonly isSuperuser: boolean;
}

/** The oldest server, and a role of which nothing is known. */
export const ANY_SERVER: SettingsTaker = { major: 9, isSuperuser: false };

/**
 * The variables that give a session these settings at its start: a plain SET would stay behind in the session of another
 * client where a transaction pooler is in between, and a tool takes no SET. The user's own options are kept; of two that
 * set the same, the last counts.
 */
export function settingsFor(taker: SettingsTaker, { PGOPTIONS: own }: Environment): Environment {
  const options = SETTINGS.filter(
    ({ since = 0, superuser }) => since <= taker.major && (superuser === undefined || taker.isSuperuser),
  ).map(({ name, value }) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`);
  return { PGOPTIONS: [...(own === undefined ? [] : [own]), ...options].join(' ') };
}
