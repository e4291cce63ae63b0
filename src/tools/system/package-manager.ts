import { UserError } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { type Environment, type RunResult, run } from '../../process/run.ts';
import { withoutPasswords } from '../debian/apt.ts';
import type { ClientRequest, ClientTools, InstallMethod } from '../client-tools.ts';
import { installedTools } from '../installed.ts';
import { type Machine, SYSTEM_PATH, proxySettings } from '../machine.ts';
import { UnavailableError } from '../unavailable.ts';

/** Runs a program; tests pass one that plays back the output of package managers. */
export type RunProgram = typeof run;

/** One installation by the system's package manager. */
export interface SystemInstallation {
  readonly method: InstallMethod;
  /** For messages: where the packages come from. */
  readonly place: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly needsRoot: boolean;
  /** Variables for the package manager beside PATH, language and proxies. */
  readonly environment?: Environment;
  readonly explanations: readonly Explanation[];
}

/** An error message of a package manager, and what it means. */
export interface Explanation {
  readonly pattern: RegExp;
  readonly reason: string;
  readonly hint: string;
  /** The packages do not exist or cannot be reached: another source may have them. Never for a failed check. */
  readonly unavailable?: boolean;
}

/** Installs the tools by a package manager, which itself decides whether those on the system are new enough. */
export type SystemInstaller = (
  request: ClientRequest,
  machine: Machine,
  _available?: ClientTools,
  execute?: RunProgram,
) => Promise<ClientTools>;

/** An installer that runs one installation. */
export function systemInstaller(
  installationFor: (request: ClientRequest, machine: Machine) => SystemInstallation,
): SystemInstaller {
  return (request, machine, _available, execute = run) =>
    installOnSystem(installationFor(request, machine), request, machine, execute);
}

/**
 * Installs the tools with the system's package manager, and finds where it put them.
 *
 * @throws UserError that explains the package manager's error; UnavailableError when another source may have
 *   the tools.
 */
export async function installOnSystem(
  installation: SystemInstallation,
  request: ClientRequest,
  machine: Machine,
  execute: RunProgram,
): Promise<ClientTools> {
  const wanted = `PostgreSQL ${request.major} client tools`;
  const env = {
    PATH: SYSTEM_PATH,
    HOME: machine.home ?? '/',
    LANG: 'C',
    LC_ALL: 'C',
    ...proxySettings(process.env),
    ...installation.environment,
  };
  const [file, ...args] = commandFor(installation, machine, env, wanted);
  log.info(`Installing ${wanted} from ${installation.place}: ${[file, ...args].join(' ')}`);
  const result = await execute(file, args, { env, signal: request.signal });
  const output = withoutPasswords([result.stdout, result.stderr].join('\n').trim());
  log.debug(output);
  if (result.exitCode !== 0) throw explain(installation, wanted, output, result);
  const tools = await installedTools(machine, request.major, request.signal);
  if (tools) return { ...tools, origin: installation.method };
  throw new UserError(
    'tools-unavailable',
    `${wanted} were installed from ${installation.place}, but do not work or are not in the expected folders.`,
    'The log says which versions were found and not used. Set "check-latest: true" to look for newer ones, or install them in a step before this one.',
    { cause: new Error(output) },
  );
}

/** The command line; for other users than root with sudo, which must not ask for a password. */
function commandFor(
  { program, args, needsRoot }: SystemInstallation,
  machine: Machine,
  env: Environment,
  wanted: string,
): [string, ...string[]] {
  if (!needsRoot || machine.isRoot) return [program, ...args];
  const { sudo } = machine.programs;
  if (sudo === undefined) {
    throw new UserError(
      'tools-unavailable',
      `${wanted} are installed with ${program}, which needs root, and this job runs as another user without sudo.`,
      'Run the job as root (for a container: "options: --user root"), or use an image in which the tools are installed.',
    );
  }
  // By their names only, because a command line is visible and a proxy's URL may contain a password.
  const kept = Object.keys(proxySettings(env));
  const preserved = kept.length > 0 ? [`--preserve-env=${kept.join(',')}`] : [];
  return [sudo, '-n', ...preserved, '--', program, ...args];
}

const SUDO_REFUSES: Explanation = {
  pattern: /^sudo: /m,
  reason: 'sudo does not let this user install packages without a password',
  hint: 'Run the job as root, allow the user sudo without a password, or use an image in which the tools are installed.',
};

function explain(
  { program, place, explanations }: SystemInstallation,
  wanted: string,
  output: string,
  result: RunResult,
): UserError {
  const found = [...explanations, SUDO_REFUSES].find(({ pattern }) => pattern.test(output));
  const ending = result.endedBy ?? `exit code ${result.exitCode ?? '?'}`;
  const detail = output === '' ? '' : `: ${lastErrorLine(output)}`;
  const reason = found?.reason ?? `${program} failed (${ending})${detail}`;
  const hint =
    found?.hint ??
    'Run again; if the error persists, install the tools in a step before this one, or use an image in which they are installed.';
  const cause = new Error(output === '' ? `${program} printed nothing` : output.slice(-4000));
  if (found?.unavailable) return new UnavailableError({ wanted, place, reason, hint }, { cause });
  return new UserError(
    'tools-unavailable',
    `${wanted} could not be downloaded from ${place}: ${reason}.`,
    hint,
    {
      cause,
    },
  );
}

function lastErrorLine(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /^(?:error|fatal|cannot|failed)/i.test(line));
  return (errors.at(-1) ?? lines.at(-1) ?? '').replace(/\.$/, '').slice(0, 300);
}
