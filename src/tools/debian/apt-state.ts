import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, run } from '../../process/run.ts';
import { APT_CONFIG, SYSTEM_PATH, proxySettings } from '../machine.ts';

/** A private place for apt to work in: its own lists, cache and settings. The system's are not written. */
export interface AptState {
  readonly folder: string;
  /** The environment in which every apt program runs. */
  readonly env: Environment;
}

/** What the machine's own apt settings say that a private state needs as well. */
export interface AptSettings {
  /** Debian's name of the processor: `amd64`. */
  readonly architecture: string | undefined;
  /** Proxy and certificate settings, in the form of apt.conf. */
  readonly network: readonly string[];
  /** Whether indexes may be old, for the machine's own sources (images made from snapshots allow it). */
  readonly dates: readonly string[];
}

/** What one private state is for. */
export interface AptStateOptions {
  /** Further lines of apt.conf. */
  readonly settings: readonly string[];
  /** What dpkg has installed, as apt is to see it. */
  readonly dpkgStatus: string;
  /** Files to write under etc/, by their name. */
  readonly files: Readonly<Record<string, string>>;
}

/** Reads the machine's own apt settings (10 ms). */
export async function readAptSettings(signal: AbortSignal): Promise<AptSettings> {
  const { stdout } = await run(APT_CONFIG, ['dump'], { env: { PATH: SYSTEM_PATH, LC_ALL: 'C' }, signal });
  return parseAptSettings(stdout);
}

/**
 * Picks from `apt-config dump` what concerns the way to the network: proxies, certificates, IP version;
 * and, apart from it, what the machine says of the age of its own sources.
 *
 * Nothing else is taken over: no sources, no hooks, no options that weaken the checks.
 */
export function parseAptSettings(dump: string): AptSettings {
  const lines = dump.split('\n');
  const wanted =
    /^Acquire::(?:https?::(?:\S+::)?(?:Proxy|Proxy-?Auto-?Detect|CAInfo|CAPath|SslCert|SslKey)(?:::\S*)?|ForceIPv[46]) "[^"]+";$/i;
  const architecture = lines
    .map((line) => /^APT::Architecture "([a-z0-9-]+)";$/.exec(line)?.[1])
    .find(Boolean);
  return {
    architecture,
    network: lines.filter((line) => wanted.test(line)),
    dates: lines.filter((line) => /^Acquire::Check-(?:Valid-Until|Date) "[^"]+";$/.test(line)),
  };
}

/** Makes a private apt state in `folder`. */
export async function createAptState(
  folder: string,
  network: readonly string[],
  options: AptStateOptions,
): Promise<AptState> {
  const folders = [
    'state',
    'lists/partial',
    'cache/archives/partial',
    'tmp',
    'etc/apt.conf.d',
    'etc/preferences.d',
    'etc/sources.list.d',
    'etc/trusted.gpg.d',
  ];
  await Promise.all(folders.map((name) => mkdir(join(folder, name), { recursive: true, mode: 0o700 })));
  const configuration = [...privateFolders(folder), ...network, ...options.settings];
  const files = { ...options.files, 'private.conf': `${configuration.join('\n')}\n` };
  await Promise.all([
    writeFile(join(folder, 'state', 'status'), options.dpkgStatus),
    ...Object.entries(files).map(([name, text]) =>
      writeFile(join(folder, 'etc', name), text, { mode: 0o600 }),
    ),
  ]);
  return { folder, env: aptEnvironment(folder, process.env) };
}

/** The settings that keep apt inside its folder, and careful. */
function privateFolders(folder: string): string[] {
  return [
    `Dir::State "${folder}/state/";`,
    `Dir::State::status "${folder}/state/status";`,
    `Dir::State::lists "${folder}/lists/";`,
    `Dir::Cache "${folder}/cache/";`,
    `Dir::Log "${folder}/";`,
    // Named one by one, because an absolute path in the system's defaults would not follow Dir::Etc.
    `Dir::Etc "${folder}/etc/";`,
    `Dir::Etc::main "apt.conf";`,
    `Dir::Etc::parts "apt.conf.d";`,
    `Dir::Etc::sourcelist "sources.list";`,
    `Dir::Etc::sourceparts "sources.list.d";`,
    `Dir::Etc::preferences "preferences";`,
    `Dir::Etc::preferencesparts "preferences.d";`,
    `Dir::Etc::trusted "trusted.gpg";`,
    `Dir::Etc::trustedparts "trusted.gpg.d";`,
    // apt would hand the download to the user _apt, who may not enter a private folder.
    'APT::Sandbox::User "root";',
    'Acquire::AllowInsecureRepositories "false";',
    'Acquire::AllowWeakRepositories "false";',
    'Acquire::AllowDowngradeToInsecureRepositories "false";',
    'APT::Get::AllowUnauthenticated "false";',
    'Acquire::Languages "none";',
    'Acquire::PDiffs "false";',
    'Acquire::Retries "2";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
  ];
}

/** The environment of apt's programs: no variable of the job but the proxies, which apt knows in lower case. */
export function aptEnvironment(folder: string, job: NodeJS.ProcessEnv): Environment {
  return {
    PATH: SYSTEM_PATH,
    HOME: folder,
    TMPDIR: join(folder, 'tmp'),
    LANG: 'C',
    LC_ALL: 'C',
    DEBIAN_FRONTEND: 'noninteractive',
    APT_CONFIG: join(folder, 'etc', 'private.conf'),
    ...proxySettings(job),
  };
}
