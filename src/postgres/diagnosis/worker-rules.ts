import type { Rule } from './rule.ts';

/** What pg_dump says of every worker that failed. */
export const WORKER_GONE = /^a worker process died unexpectedly/;

/**
 * What is said of a worker of a parallel dump where nothing else explains the failure: a worker that has lost its session cannot lock a
 * table either. Source: parallel.c of pg_dump.
 */
export const WORKER_RULES: readonly Rule[] = [
  {
    // A worker waits for no lock, so that it cannot wait for a session that waits for pg_dump (`lockTableForWorker`).
    from: 'tool',
    pattern: /^could not obtain lock on relation "(.*)"/,
    cause:
      'A worker of pg_dump could not lock the table "$1", usually because another session requested an exclusive lock on it after the dump had begun.',
    hint: 'Run the backup when no migration is running. Or set "jobs: 1": each table is then locked only once, at the start.',
  },
  {
    from: 'tool',
    pattern: WORKER_GONE,
    cause: 'A worker process of pg_dump has ended and did not say why.',
    hint: 'Run the job again. If the error persists, the runner may have too little memory, so that the system ended it: use a larger one, or fewer jobs.',
  },
];
