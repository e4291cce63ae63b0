import { randomBytes } from 'node:crypto';
import type { PgSession } from '../../postgres/session.ts';

/** The sessions of one restore on the server, told apart from all others by the name of their application. */
export interface RestoreSessions {
  /** Letters, digits, spaces and hyphens. */
  readonly applicationName: string;
  /** For the tool that restores. */
  readonly restoring: PgSession;
  /** For looking at those sessions from another one. */
  readonly observer: PgSession;
}

/** Names the sessions of a restore. `PGAPPNAME` is safe where `PGOPTIONS` is not: every pooler takes it. */
export function restoreSessions(session: PgSession): RestoreSessions {
  const applicationName = `postgres-backup-action restore ${randomBytes(6).toString('hex')}`;
  return {
    applicationName,
    restoring: session.with({ PGAPPNAME: applicationName }),
    observer: session.with({ PGAPPNAME: 'postgres-backup-action' }),
  };
}
