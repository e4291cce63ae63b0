import type { RestoreStage } from '../plan/parallel-stages.ts';
import type { PgSession } from '../../postgres/session.ts';
import type { RestoreArguments } from './pg-restore-arguments.ts';
import type { RestoreSessions } from './sessions.ts';
import type { Look, Outcome, Transaction } from './transaction-outcome.ts';

/** What is restored, and how. */
export interface RestoreRequest {
  /** The path of an archive in the custom format that has been read back. */
  readonly archive: string;
  /** What to restore: entries of its table of contents, in the archive's order. */
  readonly dumpIds: readonly number[];
  /** The same entries in stages; only with `jobs`. */
  readonly stages: readonly RestoreStage[];
  /** The database that is restored into. */
  readonly session: PgSession;
  readonly serverMajor: number;
  /** Over how many connections; undefined for one, in one transaction. */
  readonly jobs: number | undefined;
  /** SQL that drops what is in the way, to run before anything is restored; empty when nothing is. */
  readonly dropScript: string;
  readonly noOwner: boolean;
  /** The schemas in which the statements of the archive find what has no schema; empty for none. */
  readonly searchPath: readonly string[];
  /** Statements for as soon as the objects are there; only with `jobs`. */
  readonly closing: readonly string[];
  /** What puts CHECK constraints off until all rows are there; undefined where none needs it. Not with `jobs`. */
  readonly deferredChecks: DeferredChecks | undefined;
  /** Statements that end the restore: owners, privileges, and what needs them. */
  readonly last: readonly string[];
  readonly extra: readonly string[];
  /** The bytes of each table's rows, by the name that `pg_restore --verbose` prints: schema.table. */
  readonly tableBytes: ReadonlyMap<string, number>;
  readonly workFolder: string;
  /** Told how a restore in one transaction ended, when it failed or was cancelled. */
  readonly onOutcome?: (outcome: Outcome) => void;
  readonly look: Look;
  /** After how many milliseconds of waiting for one lock the restore is given up; two minutes when absent. */
  readonly lockWaitMs?: number;
}

/** How CHECK constraints are put off, and the entries that have to wait for them. */
export interface DeferredChecks {
  /** A statement that drops them, for when the tables are there. */
  readonly drop: string;
  /** A statement that adds them again, for when the rows are there. */
  readonly add: string;
  /** The entries of event triggers, which would fire for that. */
  readonly afterwards: readonly number[];
}

/** One way in which the statements of the archive reach the server. */
export interface RestoreRun {
  readonly request: RestoreRequest;
  readonly words: RestoreArguments;
  readonly sessions: RestoreSessions;
  /** Of the request, and of the watches over locks and silence. */
  readonly signal: AbortSignal;
  readonly onSpawn: (pid: number) => void;
  readonly onStderrLine: (line: string) => void;
  readonly state: RestoreState;
}

/** What a failure from now on means; it changes as the restore goes on. */
export interface RestoreState {
  transaction: Transaction;
  /** The state that each end of the transaction leaves the target in. */
  impacts: Readonly<Record<Outcome, string>>;
}
