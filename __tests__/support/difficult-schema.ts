import { escapeIdentifier } from 'pg';
import type { Database } from './database.ts';
import { ACCESS, DIFFICULT_ROLES, OTHER_OWNERS, REPLICATION } from './difficult-schema/access.ts';
import { SINCE_17, SINCE_18 } from './difficult-schema/newest.ts';
import { PARTITIONS } from './difficult-schema/partitions.ts';
import { PRIVILEGED } from './difficult-schema/privileged.ts';
import { AFTER_ROWS, RELATIONS } from './difficult-schema/relations.ts';
import { EVENT_TRIGGERS, REACTIONS, ROUTINES } from './difficult-schema/routines.ts';
import { TYPES } from './difficult-schema/types.ts';
import { LARGE_OBJECTS, VALUE_TABLES, rowsOf } from './difficult-schema/values.ts';
import { VIEWS } from './difficult-schema/views.ts';

export { DIFFICULT_ROLES } from './difficult-schema/access.ts';
export { type DescriptionSection, describeDatabase } from './difficult-schema/describe.ts';

/** How difficult the database is to be. */
export interface DifficultOptions {
  /** The database to fill: it exists already, and is empty. */
  readonly database: string;
  /** 1 (the default) is about 20 MB and takes a second; only the larger tables grow with it. */
  readonly scale?: number;
  /**
   * Whether what only a superuser can restore is there too (it is, by default): types and operator classes of its own,
   * an extension that is not trusted, a foreign-data wrapper, a subscription, owners that are not the restoring role,
   * a table whose owner sees no rows. Without it, the owner of a database can restore everything but event triggers,
   * and policies for roles that the server lacks.
   *
   * A database with a subscription cannot be dropped before that is.
   */
  readonly privileged?: boolean;
  /** Whether what only this server's version has is there too; older servers then refuse some of it. Not by default. */
  readonly newest?: boolean;
}

/**
 * Fills a database with what makes restores fail: names, types, dependencies across schemas and in cycles, views in two
 * steps, roles that another server lacks, values that are easily lost. The same every time, on 16, 17 and 18.
 *
 * It makes {@link DIFFICULT_ROLES} on the server, if they are not there.
 */
export async function fillDifficult(server: Database, options: DifficultOptions): Promise<void> {
  const { database, scale = 1, privileged = true, newest = false } = options;
  for (const role of DIFFICULT_ROLES) await createRoleOnce(server, role);
  const [version] = await server.query(
    `SELECT current_setting('server_version_num')::integer / 10000 AS major`,
  );
  const isSince = (major: number): boolean => newest && Number(version?.['major']) >= major;
  const scripts = [
    ...[TYPES, RELATIONS, PARTITIONS, VALUE_TABLES],
    ...[rowsOf(scale), LARGE_OBJECTS, AFTER_ROWS, ROUTINES, VIEWS, REACTIONS, ACCESS, REPLICATION],
    ...(isSince(17) ? [SINCE_17] : []),
    ...(isSince(18) ? [SINCE_18] : []),
    ...(privileged ? [PRIVILEGED, OTHER_OWNERS] : []),
    EVENT_TRIGGERS,
  ];
  // Each in a transaction of its own: a value added to an enum, for one, cannot be used before.
  for (const script of scripts) await server.sql(script, database);
}

async function createRoleOnce(server: Database, role: string): Promise<void> {
  const found = await server.query('SELECT FROM pg_roles WHERE rolname = $1', { values: [role] });
  if (found.length === 0) await server.query(`CREATE ROLE ${escapeIdentifier(role)}`);
}
