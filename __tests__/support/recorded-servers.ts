import { type RecordedFailure, answer, query } from './recorded-failures.ts';

const POSTMASTER = 'PostgreSQL 17: canAcceptConnections in tcop/backend_startup.c';

/** States and answers of a server, told at the login. */
export const SERVER_RECORDS: readonly RecordedFailure[] = [
  ...['starting up', 'in recovery mode'].map((state) => ({
    name: `a server that is ${state}`,
    source: POSTMASTER,
    answer: answer(`the database system is ${state}`),
    cause: new RegExp(`does not accept connections now: it is ${state}`),
    transient: true as const,
  })),
  {
    name: 'a server that is not yet ready',
    source: POSTMASTER,
    answer: answer('the database system is not yet accepting connections', {
      detail: 'Consistent recovery state has not been yet reached.',
    }),
    cause: /on its way up/,
    transient: true,
  },
  {
    name: 'a standby that takes no connections',
    source: POSTMASTER,
    answer: answer('the database system is not accepting connections', {
      detail: 'Hot standby mode is disabled.',
    }),
    cause: /standby without hot_standby/,
  },
  {
    name: 'a standby that has to apply changes',
    source: 'PostgreSQL 17: ProcessRecoveryConflictInterrupt in tcop/postgres.c',
    answer: query('canceling statement due to conflict with recovery', {
      severity: 'ERROR',
      detail: 'User query might have needed to see row versions that must be removed.',
    }),
    cause: /standby had to apply changes/,
  },
  {
    name: 'a standby that ends the session',
    source: 'PostgreSQL 17: ProcessRecoveryConflictInterrupt in tcop/postgres.c',
    answer: query('terminating connection due to conflict with recovery'),
    cause: /standby had to apply changes/,
  },
  {
    name: 'a standby that ends the session between two queries of the dump',
    source: 'pg_dump 17.11, of a standby of 17.10: libpq takes it for a notice',
    printed: [
      'pg_dump: FATAL:  terminating connection due to conflict with recovery',
      'DETAIL:  User was holding a relation lock for too long.',
      'HINT:  In a moment you should be able to reconnect to the database and repeat your command.',
      'pg_dump: error: query failed: server closed the connection unexpectedly',
      '\tThis probably means the server terminated abnormally',
      '\tbefore or while processing the request.',
      'pg_dump: detail: Query was: COPY public.events_2 (id) TO stdout;',
    ].join('\n'),
    cause: /standby had to apply changes/,
  },
  {
    name: 'a login that takes too long',
    source: 'PostgreSQL 17: ProcessInterrupts in tcop/postgres.c',
    answer: answer('canceling authentication due to timeout'),
    cause: /login took too long/,
    transient: true,
  },
  {
    name: 'a server before 14 that demands TLS',
    source: 'PostgreSQL 13: ClientAuthentication in libpq/auth.c',
    answer: answer('no pg_hba.conf entry for host "192.0.2.7", user "a", database "b", SSL off'),
    cause: /encrypted connections only/,
  },
  {
    name: 'a disk of the server that is full',
    source: 'PostgreSQL 17: storage/file/buffile.c',
    answer: query('could not write to file "base/pgsql_tmp/pgsql_tmp4711.0": No space left on device', {
      severity: 'ERROR',
    }),
    cause: /disk of the database server is full/,
  },
  {
    name: 'shared memory of the server that is full',
    source: 'PostgreSQL 17: storage/ipc/dsm_impl.c',
    answer: query(
      'could not resize shared memory segment "/PostgreSQL.1234" to 8388608 bytes: No space left on device',
      { severity: 'ERROR' },
    ),
    cause: /ran out of memory/,
  },
  {
    name: 'an extension that must be preloaded',
    source: 'timescaledb: loader.c',
    answer: query('extension "timescaledb" must be preloaded', { severity: 'ERROR' }),
    cause: /loaded when the server starts/,
  },
  {
    name: 'a large value whose pieces are gone',
    source: 'PostgreSQL 17: access/common/toast_internals.c',
    answer: query('missing chunk number 0 for toast value 16390 in pg_toast_16384', { severity: 'ERROR' }),
    cause: /database is damaged: missing chunk/,
  },
  {
    name: 'a wrong password, in German',
    source: 'PostgreSQL 17: src/backend/po/de.po',
    answer: answer('Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen'),
    cause: /in its own language: Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen$/,
  },
  {
    name: 'a wrong password, in French',
    source: 'PostgreSQL 17: src/backend/po/fr.po',
    answer: answer("authentification par mot de passe échouée pour l'utilisateur « app »", {
      severity: 'FATAL',
    }),
    cause: /in its own language: authentification par mot de passe/,
  },
  {
    name: 'an answer in Russian',
    source: 'PostgreSQL 17: src/backend/po/ru.po',
    answer: answer('система баз данных запускается', { severity: 'ВАЖНО' }),
    cause: /in its own language: система/,
  },
  {
    name: 'an answer that nobody has met yet',
    source: 'made up',
    answer: answer('the moon is in the wrong phase for "größe"'),
    cause: /^The server reports: the moon is in the wrong phase for "größe"$/,
  },
];
