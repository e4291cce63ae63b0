import type { PgSession } from '../../postgres/session.ts';
import type { ExpectedContents } from './compare-contents.ts';

/** What is proven, and with what. */
export interface ProofRequest {
  /** What the restored database must hold. */
  readonly expected: ExpectedContents;
  /**
   * Whether the database holds nothing else, so that all of it is compared. Otherwise only what is expected is looked
   * at; of large objects then only `largeObjectIds`, or all where that is absent.
   */
  readonly everything: boolean;
  /** Where it was restored from: without it, rows that came in another order than they were backed up in count as others. */
  readonly archive?: { readonly file: string; readonly dumpIds: readonly number[] };
  /** The encoding of the archive, as its `SET client_encoding` says; the database's own when absent. */
  readonly encoding?: string | undefined;
  readonly largeObjectIds?: ReadonlySet<string> | undefined;
  /** The role of `pg_restore --role`, which owns what was restored. */
  readonly role?: string | undefined;
  /** The database that was restored. */
  readonly session: PgSession;
  readonly workFolder: string;
  /** Told the process id of each tool. */
  readonly onSpawn?: (pid: number) => void;
}

/** What was found as it must be. */
export interface Proof {
  readonly tables: number;
  readonly rows: number;
  readonly sequences: number;
  readonly largeObjects: number;
}
