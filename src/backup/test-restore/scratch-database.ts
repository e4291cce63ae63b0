import { randomBytes } from 'node:crypto';
import { diagnosedError, shownCause } from '../../postgres/diagnosis/diagnosis.ts';
import { PsqlError } from '../../postgres/psql.ts';
import type { PgSession } from '../../postgres/session.ts';
import { literal } from '../../postgres/sql-text.ts';
import { UserError } from '../../errors.ts';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';

/** An empty database that is dropped again. */
export interface ScratchDatabase extends AsyncDisposable {
  readonly name: string;
  readonly session: PgSession;
  /** Drops it. Never throws: when the server refuses, it stays, and a warning names it. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

const CANNOT = 'verify-connection-string: the scratch database for the test restore cannot be created';
const PREFIX = 'postgres_backup_test_restore_';
/** A template of 8 MB is copied; more than a minute means that the server does not respond. */
const CREATE_WITHIN_MS = 60_000;
const DROP_WITHIN_MS = 60_000;
/** The runner kills a cancelled job after ten seconds. */
const DROP_WHEN_CANCELLED_MS = 6_000;

const FACTS_SQL = `
SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.pg_encoding_to_char(encoding)
FROM pg_catalog.pg_database WHERE datname = 'template0';`;

const PRIVILEGE_SQL = `
SELECT pg_catalog.pg_is_in_recovery(), rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user;`;

/**
 * Makes sure that a scratch database can be created, before the work that would be lost otherwise.
 *
 * @throws UserError when the server is a standby, or the role may not create databases.
 */
export async function requireCreatePrivilege(session: PgSession): Promise<void> {
  const [[inRecovery, mayCreate] = []] = await session.query(PRIVILEGE_SQL, 2).catch(cannotCreate);
  if (inRecovery === 't') {
    throw new UserError(
      'test-server',
      `${CANNOT}: The server is a standby, which accepts no changes.`,
      'Use its primary, or a server of the job itself, for example a service container.',
      { silent: 'same' },
    );
  }
  if (mayCreate !== 't') {
    throw new UserError(
      'test-server',
      `${CANNOT}: The user lacks the privilege to create databases.`,
      'Grant it with ALTER ROLE name CREATEDB, or use a superuser, such as that of a service container.',
      { silent: 'same' },
    );
  }
}

/**
 * Creates an empty database with a unique name.
 *
 * @param session leads to any database of the server; its signal does not end a statement that creates or drops one.
 * @param encoding of the database that was backed up, as the server names it: `UTF8`.
 * @param record told the name before the server is told to create it: a job that is killed cannot tell it afterwards.
 * @throws UserError when it cannot be created; the signal's reason when it was aborted before.
 */
export async function createScratchDatabase(
  session: PgSession,
  encoding: string,
  record: (name: string) => void,
): Promise<ScratchDatabase> {
  session.signal.throwIfAborted();
  const name = PREFIX + randomBytes(8).toString('hex');
  const { dropSql, createSql } = await statements(session, encoding, name);
  const drop = (): Promise<void> =>
    queryToTheEnd(session, dropSql, session.signal.aborted ? DROP_WHEN_CANCELLED_MS : DROP_WITHIN_MS);
  record(name);
  try {
    await queryToTheEnd(session, createSql, CREATE_WITHIN_MS);
  } catch (error) {
    // The server may have created it nevertheless, when the connection was lost.
    await drop().catch(() => undefined);
    return cannotCreate(error);
  }
  return {
    name,
    session: session.on(name),
    [Symbol.asyncDispose]: () =>
      drop().catch((error: unknown) => {
        warnOfRemaining(name, error);
      }),
  };
}

/** The statements for this server. */
async function statements(
  session: PgSession,
  encoding: string,
  name: string,
): Promise<{ readonly createSql: string; readonly dropSql: string }> {
  const [[version = '0', templateEncoding = ''] = []] = await session.query(FACTS_SQL, 2).catch(cannotCreate);
  const major = Math.floor(Number(version) / 10_000);
  return {
    createSql: `CREATE DATABASE ${name} TEMPLATE template0 ENCODING ${literal(encoding)}${
      templateEncoding === encoding ? '' : localeFor(major)
    };`,
    dropSql: dropSql(name),
  };
}

/** The locale that goes with every encoding: the server's own goes with its own, and ICU's with most. */
function localeFor(major: number): string {
  return ` LC_COLLATE 'C' LC_CTYPE 'C'${major >= 15 ? ' LOCALE_PROVIDER libc' : ''}`;
}

/**
 * `WITH (FORCE)` needs the right to end every process in the database, and autovacuum's are a superuser's. DROP DATABASE
 * itself ends those (`CountOtherDBBackends` in procarray.c); sessions, it only waits for.
 */
function dropSql(name: string): string {
  return `
SELECT pg_catalog.pg_terminate_backend(a.pid)
FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
JOIN pg_catalog.pg_roles own ON own.rolname = current_user
WHERE a.datname = '${name}' AND (own.rolsuper OR (NOT r.rolsuper AND pg_catalog.pg_has_role(r.oid, 'USAGE')));
DROP DATABASE IF EXISTS ${name};`;
}

/** Is not ended by the signal: psql does not cancel what it has sent, and the server would finish it later. */
async function queryToTheEnd(session: PgSession, sql: string, withinMs: number): Promise<void> {
  const timeout = AbortSignal.timeout(withinMs);
  try {
    await session.until(timeout).query(sql, 1);
  } catch (error) {
    if (!timeout.aborted) throw error;
    throw new UserError(
      'no-progress',
      `The server has not responded for ${duration(withinMs)}.`,
      'Check what it is doing (SELECT * FROM pg_stat_activity), then run the job again.',
      { cause: error, silent: 'same' },
    );
  }
}

function warnOfRemaining(name: string, error: unknown): void {
  const why = error instanceof PsqlError ? shownCause(error.stderr) : log.reason(error);
  log.warning(
    `The scratch database ${name} could not be dropped and is still on the server: ${why} Drop it once nobody uses it: DROP DATABASE ${name};`,
  );
}

function cannotCreate(error: unknown): never {
  if (error instanceof PsqlError) throw diagnosedError('test-server', CANNOT, error.stderr);
  if (!(error instanceof UserError)) throw error;
  throw error.reworded({ code: 'test-server', message: (text) => `${CANNOT}: ${text}` });
}
