import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, run } from '../../process/run.ts';
import { APT_CONFIG, SYSTEM_PATH, proxySettings } from '../machine.ts';
import { SIGNATURE_CHECKS } from './signature-checks.ts';

/** A private folder for apt, with its own lists, cache and settings. The system's are not modified. */
export interface AptState {
  readonly folder: string;
  /** The environment of every apt program. */
  readonly env: Environment;
}

/** The settings of the machine's own apt that a private state needs as well. */
export interface AptSettings {
  /** Debian's name of the processor: `amd64`. */
  readonly architecture: string | undefined;
  /** Proxy and certificate settings, in the form of apt.conf. */
  readonly network: readonly string[];
  /** Whether outdated indexes are accepted, for the machine's own sources (images made from snapshots allow it). */
  readonly dates: readonly string[];
}

/** The content of one private state. */
export interface AptStateOptions {
  /** Further lines of apt.conf. */
  readonly settings: readonly string[];
  /** dpkg's list of installed packages, as apt is to see it. */
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
 * Takes from `apt-config dump` the network settings (proxies, certificates, IP version) and, separately, those about the
 * age of the machine's own sources.
 *
 * Nothing else is taken: no sources, no hooks, no options that weaken the checks.
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

/** Creates a private apt state in `folder`. */
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

/** The settings that keep apt inside its folder, with all checks on. */
function privateFolders(folder: string): string[] {
  return [
    `Dir::State "${folder}/state/";`,
    `Dir::State::status "${folder}/state/status";`,
    `Dir::State::lists "${folder}/lists/";`,
    `Dir::Cache "${folder}/cache/";`,
    `Dir::Log "${folder}/";`,
    // Set one by one, because an absolute path in the system's defaults would not follow Dir::Etc.
    `Dir::Etc "${folder}/etc/";`,
    `Dir::Etc::main "apt.conf";`,
    `Dir::Etc::parts "apt.conf.d";`,
    `Dir::Etc::sourcelist "sources.list";`,
    `Dir::Etc::sourceparts "sources.list.d";`,
    `Dir::Etc::preferences "preferences";`,
    `Dir::Etc::preferencesparts "preferences.d";`,
    `Dir::Etc::trusted "trusted.gpg";`,
    `Dir::Etc::trustedparts "trusted.gpg.d";`,
    // apt would download as the user _apt, who cannot enter a private folder.
    'APT::Sandbox::User "root";',
    ...SIGNATURE_CHECKS,
    'Acquire::Languages "none";',
    'Acquire::PDiffs "false";',
    'Acquire::Retries "2";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
  ];
}

/** The environment of apt's programs: of the job's variables only the proxies, which apt reads in lower case. */
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
