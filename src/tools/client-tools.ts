import type { PostgresVersion } from './postgres-version.ts';
import type { Environment } from '../process/run.ts';

/** How tools can be installed. */
export type InstallMethod =
  'PGDG' | 'apt sources' | 'apk' | 'PGDG RPMs' | 'dnf repositories' | 'Homebrew' | 'EDB binaries';

/** PostgreSQL's client tools of one version, known to start, each by its absolute path. */
export interface ClientTools {
  /** As `pg_dump --version` prints it, for example `17.11`. */
  readonly version: string;
  readonly major: number;
  /** The folder of the three programs. */
  readonly directory: string;
  readonly psql: string;
  readonly pgDump: string;
  readonly pgRestore: string;
  /** Variables that the tools need beside the connection's: `LD_LIBRARY_PATH` for unpacked libraries, else none. */
  readonly environment: Environment;
  /** A folder whose programs start without `environment` too, for later steps. */
  readonly pathDirectory: string;
  /** Whether the tools still exist after this step; those in the work folder are deleted with it. */
  readonly lasting: boolean;
  readonly origin: 'tool cache' | 'installed' | InstallMethod;
}

/** Tools in some folder, however they were installed. */
export type FoundTools = Omit<ClientTools, 'origin'>;

/** Which tools are needed, and a folder to work in. */
export interface ClientRequest {
  /** PostgreSQL's major version, for example 17. */
  readonly major: number;
  /** The `check-latest` input: look for a newer minor version even if one is available. */
  readonly checkLatest?: boolean | undefined;
  /** The `apt-mirror` input: the base URL (http, https or file) that replaces PGDG's. */
  readonly aptMirror?: string | undefined;
  /** The `apt-signing-key` input: an ASCII-armoured public key, or the path of a file with one. */
  readonly aptSigningKey?: string | undefined;
  /** A private folder; whatever is created in it is removed again, unless the tool cache cannot be written. */
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
