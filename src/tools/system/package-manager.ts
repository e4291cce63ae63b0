import { UserError } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { type Environment, type RunResult, run } from '../../process/run.ts';
import { withoutPasswords } from '../debian/apt.ts';
import type { ClientRequest, ClientTools, WayName } from '../client-tools.ts';
import { installedTools } from '../installed.ts';
import { type Machine, SYSTEM_PATH, proxySettings } from '../machine.ts';
import { UnavailableError } from '../unavailable.ts';

/** Runs a program; tests give another that plays back what package managers said. */
export type RunProgram = typeof run;

/** One installation by the system's package manager. */
export interface SystemInstallation {
  readonly way: WayName;
  /** For people: where the packages come from. */
  readonly place: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly needsRoot: boolean;
  /** Settings of the package manager beside path, language and proxies. */
  readonly environment?: Environment;
  readonly explanations: readonly Explanation[];
}

/** What the package manager says when something went wrong, and what that means. */
export interface Explanation {
  readonly pattern: RegExp;
  readonly reason: string;
  readonly hint: string;
  /** The packages are not there or out of reach: another place may have them. Never for a failed check. */
  readonly unavailable?: boolean;
}

/** A way to bring the tools that has no use for those at hand. */
export type SystemWay = (
  request: ClientRequest,
  machine: Machine,
  _atHand?: ClientTools,
  execute?: RunProgram,
) => Promise<ClientTools>;

/** The way that consists of one installation. */
export function systemWay(
  installationFor: (request: ClientRequest, machine: Machine) => SystemInstallation,
): SystemWay {
  return (request, machine, _atHand, execute = run) =>
    installOnSystem(installationFor(request, machine), request, machine, execute);
}

/**
 * Has the system's package manager install the tools, and finds them where it put them.
 *
 * @throws UserError with what the package manager said, in words; UnavailableError when another place may have
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
  const said = withoutPasswords([result.stdout, result.stderr].join('\n').trim());
  log.debug(said);
  if (result.exitCode !== 0) throw explain(installation, wanted, said, result);
  const tools = await installedTools(machine, request.major, request.signal);
  if (tools) return { ...tools, origin: installation.way };
  throw new UserError(
    'tools-unavailable',
    `${wanted} were installed from ${installation.place}, but do not work or are not where they belong.`,
    'Run again with debug logging (ACTIONS_STEP_DEBUG) to see what was found, or install them in a step before this one.',
    { cause: new Error(said) },
  );
}

/** The command line; as another user than root, through sudo if it asks for no password. */
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
  // By their names only: a proxy's password has no place in a command line.
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
  said: string,
  result: RunResult,
): UserError {
  const found = [...explanations, SUDO_REFUSES].find(({ pattern }) => pattern.test(said));
  const ending = result.endedBy ?? `exit code ${result.exitCode ?? '?'}`;
  const complaint = said === '' ? '' : `: ${lastComplaint(said)}`;
  const reason = found?.reason ?? `${program} failed (${ending})${complaint}`;
  const hint =
    found?.hint ??
    'Run again; if it stays, install the tools in a step before this one, or use an image in which they are installed.';
  const cause = new Error(said === '' ? `${program} said nothing` : said.slice(-4000));
  if (found?.unavailable) return new UnavailableError({ wanted, place, reason, hint }, { cause });
  return new UserError('tools-unavailable', `${wanted} could not be had from ${place}: ${reason}.`, hint, {
    cause,
  });
}

function lastComplaint(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  const complaints = lines.filter((line) => /^(?:error|fatal|cannot|failed)/i.test(line));
  return (complaints.at(-1) ?? lines.at(-1) ?? '').replace(/\.$/, '').slice(0, 300);
}
