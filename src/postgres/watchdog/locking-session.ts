/** A session in `pg_stat_activity`, which shows the state of other users' sessions only to privileged users. */
export interface LockingSession {
  /** Empty for a transaction that was prepared for two-phase commit, which has no session. */
  readonly pid: string;
  readonly user: string;
  readonly application: string;
  readonly state: string;
}

/** The columns of `pg_stat_activity` that {@link lockingSession} reads. */
export const SESSION_COLUMNS = 4;

/** SQL for these columns. */
export function sessionColumns(alias: string): string {
  return `${alias}.pid, ${alias}.usename, ${alias}.application_name, ${alias}.state`;
}

/** The session of such a row. */
export function lockingSession([
  pid = '',
  user = '',
  application = '',
  state = '',
]: readonly string[]): LockingSession {
  return { pid, user, application, state };
}

/** `session 4711 (user ada, application psql, idle in transaction)`. */
export function describeSession({ pid, user, application, state }: LockingSession): string {
  if (pid === '') return 'a prepared transaction';
  const known = [
    user === '' ? '' : `user ${user}`,
    application === '' ? '' : `application ${application}`,
    state,
  ].filter((part) => part !== '');
  return `session ${pid}${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
}

/** How a privileged user can end it, for a hint. */
export function howToEnd({ pid }: LockingSession): string {
  return pid === ''
    ? 'end the transaction (SELECT gid FROM pg_prepared_xacts; ROLLBACK PREPARED)'
    : `end the session: SELECT pg_terminate_backend(${pid})`;
}
