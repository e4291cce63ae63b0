import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { ActionRun } from '../support/runner.ts';
import type { StepHandle } from '../support/runner-step.ts';
import type { TestBed } from '../support/test-bed.ts';

/**
 * A function that acts only where it is restored, called by what a restore does last: it fills the materialized view.
 * The login trigger calls it when the restored database is connected to again: for the verification.
 */
export const sleepsAt = (moment: 'restore' | 'verification'): string => `
  CREATE TABLE public.visits AS SELECT id, md5(id::text) AS page FROM generate_series(1, 100) id;
  CREATE FUNCTION public.rest() RETURNS int LANGUAGE plpgsql AS $$
  BEGIN
    IF current_database() LIKE 'target_%' AND current_setting('application_name') <> 'postgres-backup test bed'
    THEN PERFORM pg_catalog.pg_sleep(6); END IF;
    RETURN 1;
  END $$;
  ${
    moment === 'restore'
      ? 'CREATE MATERIALIZED VIEW public.rests AS SELECT public.rest();'
      : `CREATE FUNCTION public.at_login() RETURNS event_trigger LANGUAGE plpgsql AS
           $$ BEGIN PERFORM public.rest(); END $$;
         CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION public.at_login();`
  }`;

/** A restore into a database of its own. */
export interface Restore {
  readonly target: string;
  readonly running: Promise<ActionRun>;
  /** Sends a signal to main. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** When a line of the log matches; at the end of the run in any case. */
  readonly line: (pattern: RegExp) => Promise<void>;
}

let targets = 0;

/** The name of the database that the next restore is into. */
export function nextTarget(): string {
  return `target_${targets + 1}`;
}

/** Begins a restore into an empty database, or one that `prepare` has filled. */
export async function restoring(
  bed: TestBed,
  inputs: Record<string, string>,
  { prepare = '', ...more }: Parameters<TestBed['restore']>[0] & { prepare?: string } = {},
): Promise<Restore> {
  const target = nextTarget();
  targets += 1;
  const url = await bed.database.createDatabase(target);
  if (prepare !== '') await bed.database.sql(prepare, target);
  let handle: StepHandle | undefined;
  const seen: string[] = [];
  let ended = false;
  const running = bed
    .restore({
      ...more,
      inputs: { 'connection-string': url, 'connection-attempts': '1', ...inputs },
      onLine: (line) => seen.push(line),
      onStart: (started) => {
        handle = started;
        more.onStart?.(started);
      },
    })
    .finally(() => {
      ended = true;
    });
  return {
    target,
    running,
    kill: (signal) => handle?.kill(signal),
    line: async (pattern) => {
      while (!ended && !seen.some((line) => pattern.test(line))) await pause(10);
    },
  };
}

/** Waits until a session of the restore sleeps in the target; at the end of the run in any case. */
export async function untilAsleep(bed: TestBed, { target, running }: Restore): Promise<void> {
  const ended = new AbortController();
  const onEnd = (): void => {
    ended.abort();
  };
  void running.then(onEnd, onEnd);
  const asleep = `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = $1`;
  while (!ended.signal.aborted && (await bed.database.query(asleep, { values: [target] })).length === 0)
    await pause(20);
}

export async function relationsIn(bed: TestBed, database: string): Promise<string[]> {
  const rows = await bed.database.query(
    `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^(pg_|information_schema)' ORDER BY 1`,
    { database },
  );
  return rows.map(({ relname }) => String(relname));
}

/** Nothing is at work on the server any more. A statement that nobody could cancel may take as long as it sleeps. */
export async function expectNoSessions(bed: TestBed): Promise<void> {
  for (let attempt = 0; attempt < 100 && (await bed.database.sessions()).length > 0; attempt++)
    await pause(100);
  expect(await bed.database.sessions()).toEqual([]);
}
