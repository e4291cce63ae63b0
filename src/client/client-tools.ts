import type { Environment } from '../process/run.ts';

/** PostgreSQL's client tools of one version, proven to start, each by its absolute path. */
export interface ClientTools {
  /** As `pg_dump --version` says, for example `17.11`. */
  readonly version: string;
  readonly major: number;
  /** The folder the three programs are in. */
  readonly directory: string;
  readonly psql: string;
  readonly pgDump: string;
  readonly pgRestore: string;
  /** What the tools need beyond the connection: `LD_LIBRARY_PATH` for unpacked libraries, else nothing. */
  readonly environment: Environment;
  readonly origin: 'tool cache' | 'installed' | 'PGDG';
}

/** What is asked for, and where the work may be done. */
export interface ClientRequest {
  /** PostgreSQL's major version, for example 17. */
  readonly major: number;
  /** The `apt-mirror` input: the base URL (http, https or file) that replaces PGDG's. */
  readonly aptMirror?: string | undefined;
  /** The `apt-signing-key` input: an ASCII-armoured public key, or the path of a file that holds one. */
  readonly aptSigningKey?: string | undefined;
  /** A private folder; what is made in it is removed again, unless the tool cache cannot be written. */
  readonly workFolder: string;
  readonly signal: AbortSignal;
}
