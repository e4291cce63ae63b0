import { type RunResult, run } from '../../process/run.ts';
import { APT_GET, DPKG_DEB } from '../machine.ts';
import type { AptState } from './apt-state.ts';

/** The result of an apt-get run. */
export interface AptResult {
  readonly ok: boolean;
  /** Without passwords in URLs. */
  readonly output: string;
}

/** Runs apt-get on a private state, in `cwd`. */
export async function aptGet(
  state: AptState,
  args: readonly string[],
  signal: AbortSignal,
  cwd: string = state.folder,
): Promise<AptResult> {
  const result = await run(APT_GET, ['-q', ...args], { env: state.env, cwd, signal });
  const output = withoutPasswords([result.stdout, result.stderr, ending(result)].filter(Boolean).join('\n'));
  // When files cannot be downloaded, apt-get update before 2.3 only warns and exits with 0.
  const ignored = /^W: (?:Failed to fetch|GPG error|Some index files failed)/m.test(result.stderr);
  return { ok: result.exitCode === 0 && !ignored, output };
}

/** Unpacks a Debian package into a folder; it is not installed, and none of its scripts runs. */
export async function unpackPackage(
  state: AptState,
  file: string,
  folder: string,
  signal: AbortSignal,
): Promise<AptResult> {
  const result = await run(DPKG_DEB, ['--extract', file, folder], { env: state.env, signal });
  return { ok: result.exitCode === 0, output: [result.stderr, ending(result)].filter(Boolean).join('\n') };
}

/** Removes the user name and password from every URL. */
export function withoutPasswords(text: string): string {
  return text.replace(/:\/\/[^\s/@]*@/g, '://');
}

function ending({ exitCode, endedBy }: RunResult): string {
  if (endedBy) return `E: ended by ${endedBy}`;
  return exitCode === 0 ? '' : `exit code ${String(exitCode)}`;
}
