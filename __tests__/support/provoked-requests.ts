import { type FailureBench, type ProvokedFailure, connectionTo, newDatabase } from './failure-bench.ts';

/** A dump with words, of an empty database. */
const dumpWith =
  (...words: string[]) =>
  ({ plain, pgDump }: FailureBench): Promise<string> =>
    pgDump(connectionTo(plain), ...words);

/** What was asked of pg_dump. */
export const REQUEST_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'a table pattern that matches nothing',
    cause: /The tables input matches nothing .*"shop\.typo"/,
    provoke: dumpWith('--table=shop.typo'),
  },
  {
    name: 'a schema pattern that matches nothing',
    cause: /The schemas input matches nothing .*"typo"/,
    provoke: dumpWith('--schema=typo'),
  },
  {
    name: 'an extension pattern that matches nothing',
    cause: /pg-dump-args.* no extension .*"typo"/,
    provoke: dumpWith('--extension=typo'),
  },
  {
    name: 'a foreign server pattern that matches nothing',
    cause: /pg-dump-args.* no foreign server .*"typo"/,
    provoke: dumpWith('--include-foreign-data=typo'),
  },
  {
    name: 'a pattern with too many dots',
    cause: /too many dots: "?a\.b\.c\.d/,
    provoke: dumpWith('--table=a.b.c.d'),
  },
  {
    name: 'a pattern that names another database',
    cause: /names another database: "?a\.b\.c/,
    provoke: dumpWith('--table=a.b.c'),
  },
  {
    name: 'an option that pg_dump does not have',
    cause: /pg_dump does not have the option "--frobnicate"/,
    hint: /pg-dump-args/,
    provoke: dumpWith('--frobnicate'),
  },
  {
    name: 'options that exclude each other',
    cause: /pg_dump rejects its options: .*--schema-only/,
    provoke: dumpWith('--schema-only', '--data-only'),
  },
  {
    name: 'an option whose value is no number',
    cause: /pg_dump rejects its options: .*many/,
    provoke: dumpWith('--extra-float-digits=many'),
  },
  {
    name: 'a compression that there is not',
    cause: /pg_dump rejects the compression/,
    provoke: dumpWith('--compress=brotli'),
  },
  {
    name: 'a time to wait for locks that is none',
    cause: /rejects the value "soon" for "statement_timeout"/,
    hint: /--lock-wait-timeout/,
    provoke: dumpWith('--lock-wait-timeout=soon'),
  },
  {
    name: 'a snapshot that is not there',
    cause: /snapshot/,
    provoke: dumpWith('--snapshot=00000003-0000001B-1'),
  },
  {
    name: 'a disk of the runner that is full',
    cause: /disk of the runner is full/,
    provoke: async ({ plain, pgDump }) =>
      pgDump(
        await newDatabase(plain, 'large', 'CREATE TABLE t AS SELECT generate_series(1, 50000)'),
        '--file=/dev/full',
      ),
  },
];
