import type { PostgresVersion } from './postgres-version.ts';
import type { Environment } from '../process/run.ts';

/** A way to bring tools that are not there yet. */
export type WayName =
  'PGDG' | 'apt sources' | 'apk' | 'PGDG RPMs' | 'dnf repositories' | 'Homebrew' | 'EDB binaries';

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
  /** A folder whose programs also start without `environment`, as later steps call them. */
  readonly pathDirectory: string;
  /** Whether the tools are still there after this step; those in the work folder go with it. */
  readonly lasting: boolean;
  readonly origin: 'tool cache' | 'installed' | WayName;
}

/** Tools that were found in some place, whatever brought them there. */
export type FoundTools = Omit<ClientTools, 'origin'>;

/** What is asked for, and where the work may be done. */
export interface ClientRequest {
  /** PostgreSQL's major version, for example 17. */
  readonly major: number;
  /** The `check-latest` input: ask for a newer minor version even if one is at hand. */
  readonly checkLatest?: boolean | undefined;
  /** The `apt-mirror` input: the base URL (http, https or file) that replaces PGDG's. */
  readonly aptMirror?: string | undefined;
  /** The `apt-signing-key` input: an ASCII-armoured public key, or the path of a file that holds one. */
  readonly aptSigningKey?: string | undefined;
  /** A private folder; what is made in it is removed again, unless the tool cache cannot be written. */
  readonly workFolder: string;
  readonly signal: AbortSignal;
}

/** As {@link ClientRequest}, with the version as the user gave it, which may depend on the server. */
export interface VersionRequest extends Omit<ClientRequest, 'major'> {
  readonly version: PostgresVersion;
}

/** Compares versions such as `17.9` and `17.11`: negative, zero or positive. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
