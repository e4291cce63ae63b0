/** What `pg_restore` sets in every session without asking the server's version, since both know it (PostgreSQL 17). */
export const NEW_SETTING = { name: 'transaction_timeout', since: 17 };

/** Whether a server is too old for a `pg_restore` that is connected to it: it refuses the first statements. */
export function isOlderThanTools(toolsMajor: number, serverMajor: number): boolean {
  return toolsMajor >= NEW_SETTING.since && serverMajor < NEW_SETTING.since;
}
