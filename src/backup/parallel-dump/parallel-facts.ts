import type { ConnectionLimit } from '../../postgres/connection.ts';
import { LOCK_TABLE_SQL, type LockTable } from '../../postgres/needed-locks.ts';
import type { PgSession } from '../../postgres/session.ts';

/** What the server says about a parallel dump before it. */
export interface ParallelFacts {
  readonly limits: readonly ConnectionLimit[];
  readonly largeObjectBytes: number;
  readonly lockTable: LockTable | undefined;
}

const COLUMNS = 3;

/**
 * Sessions of other users show neither their kind nor what they do to a user without `pg_read_all_stats`: of these, a parallel worker of
 * a query counts as a session as well. The limits of a user and a database do not apply to a superuser (`InitPostgres` in postinit.c).
 */
const FACTS_SQL = `
WITH clients AS (
  SELECT a.usename, a.datname FROM pg_catalog.pg_stat_activity a
  WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.usename IS NOT NULL AND a.datname IS NOT NULL
    AND COALESCE(pg_catalog.to_jsonb(a) ->> 'backend_type', 'client backend') = 'client backend'
), self AS (
  SELECT r.rolname, r.rolsuper, r.rolconnlimit, d.datname, d.datconnlimit
  FROM pg_catalog.pg_roles r, pg_catalog.pg_database d
  WHERE r.rolname = session_user AND d.datname = pg_catalog.current_database()
)
SELECT 'role', rolconnlimit, (SELECT pg_catalog.count(*) FROM clients WHERE usename = rolname)
FROM self WHERE rolconnlimit >= 0 AND NOT rolsuper
UNION ALL
SELECT 'database', datconnlimit, (SELECT pg_catalog.count(*) FROM clients c WHERE c.datname = self.datname)
FROM self WHERE datconnlimit >= 0 AND NOT rolsuper
UNION ALL
SELECT 'server', pg_catalog.current_setting('max_connections')::int8, (SELECT pg_catalog.count(*) FROM clients) + (
  SELECT COALESCE(pg_catalog.sum(s.setting::int8), 0) FROM pg_catalog.pg_settings s
  WHERE NOT rolsuper AND (s.name = 'superuser_reserved_connections' OR s.name = 'reserved_connections' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_roles g
    WHERE g.rolname = 'pg_use_reserved_connections' AND pg_catalog.pg_has_role(session_user, g.oid, 'USAGE'))))
FROM self
UNION ALL
SELECT 'large objects', pg_catalog.pg_relation_size('pg_catalog.pg_largeobject'), 0
UNION ALL
SELECT 'locks', ${LOCK_TABLE_SQL};`;

const WHOSE: Readonly<Record<string, string>> = {
  role: 'the user',
  database: 'the database',
  server: 'the server',
};

/**
 * Asks the server.
 *
 * @throws as `PgSession.query`.
 */
export async function askParallelFacts(session: PgSession): Promise<ParallelFacts> {
  const rows = await session.query(FACTS_SQL, COLUMNS);
  const [, now, slots] = rows.find(([fact]) => fact === 'locks') ?? [];
  return {
    limits: rows.flatMap(([fact = '', most, taken]) => {
      const of = WHOSE[fact];
      return of === undefined ? [] : [{ of, most: Number(most), taken: Number(taken) }];
    }),
    largeObjectBytes: Number(rows.find(([fact]) => fact === 'large objects')?.[1]),
    lockTable: { now: Number(now), slots: Number(slots) },
  };
}
