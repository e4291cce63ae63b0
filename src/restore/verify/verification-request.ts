import type { PgSession } from '../../postgres/session.ts';
import type { ExpectedContents } from './compare-contents.ts';

/** What is verified, and with what. */
export interface VerificationRequest {
  /** What the restored database must contain. */
  readonly expected: ExpectedContents;
  /**
   * Whether the database contains nothing else, so that all of it is compared. Otherwise only what is expected is
   * compared; of large objects then only `largeObjectIds`, or all where that is absent.
   */
  readonly everything: boolean;
  /**
   * Where it was restored from, and the entries of contents that were: without it, rows that are in another order than
   * in the backup count as different.
   */
  readonly archive?: { readonly file: string; readonly dumpIds: readonly number[] };
  /** The encoding of the archive, as its `SET client_encoding` says; the database's own when absent. */
  readonly encoding?: string | undefined;
  readonly largeObjectIds?: ReadonlySet<string> | undefined;
  /** The role of `pg_restore --role`, which owns what was restored. */
  readonly role?: string | undefined;
  /** The database that was restored. */
  readonly session: PgSession;
  readonly workFolder: string;
}

/** What was found to be identical. */
export interface Verification {
  readonly tables: number;
  readonly rows: number;
  readonly sequences: number;
  readonly largeObjects: number;
}
