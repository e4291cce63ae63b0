import { access, constants, readFile } from 'node:fs/promises';
import { type OsRelease, parseOsRelease } from './debian/os-release.ts';
import { packageFolders } from './package-folders.ts';

/** Paths of package managers and sudo; undefined where one does not exist. */
export interface SystemPrograms {
  readonly apk: string | undefined;
  readonly dnf: string | undefined;
  readonly brew: string | undefined;
  readonly sudo: string | undefined;
}

/** Facts about the machine, from which the install method is chosen. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** The processor, as Node.js names it: `x64`, `arm64`. */
  readonly arch: string;
  readonly isRoot: boolean;
  /** /etc/os-release; empty if there is none. */
  readonly osRelease: OsRelease;
  /** apt-get and dpkg-deb exist. */
  readonly hasApt: boolean;
  /** There are CA certificates with which apt can check an https server. */
  readonly hasCertificates: boolean;
  /** The path of dpkg's list of installed packages; it is only read. */
  readonly dpkgStatus: string;
  readonly programs: SystemPrograms;
  /** Where packages put PostgreSQL's programs; `{major}` stands for the major version. */
  readonly packageFolders: readonly string[];
  /** The folders of PATH. */
  readonly path: string;
  readonly home: string | undefined;
  /** %SystemRoot% on Windows. */
  readonly systemRoot: string | undefined;
}

export const APT_GET = '/usr/bin/apt-get';
export const APT_CONFIG = '/usr/bin/apt-config';
export const DPKG_DEB = '/usr/bin/dpkg-deb';

/** Fixed, so that nothing that the workflow put on PATH is run instead of the system's programs. */
export const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Collects the facts about the machine that this process runs on. */
export async function surveyMachine(): Promise<Machine> {
  const [osRelease, aptGet, dpkgDeb, certificates, apk, dnf, brew, sudo] = await Promise.all([
    readFile('/etc/os-release', 'utf8').catch(() => ''),
    may(APT_GET, constants.X_OK),
    may(DPKG_DEB, constants.X_OK),
    may('/etc/ssl/certs/ca-certificates.crt', constants.R_OK),
    firstProgram(['/sbin/apk', '/usr/bin/apk']),
    firstProgram(['/usr/bin/dnf']),
    firstProgram(['/opt/homebrew/bin/brew', '/usr/local/bin/brew']),
    firstProgram(['/usr/bin/sudo', '/bin/sudo']),
  ]);
  return {
    platform: process.platform,
    arch: process.arch,
    isRoot: process.getuid?.() === 0,
    osRelease: parseOsRelease(osRelease),
    hasApt: aptGet && dpkgDeb,
    hasCertificates: certificates,
    dpkgStatus: '/var/lib/dpkg/status',
    programs: { apk, dnf, brew, sudo },
    packageFolders: packageFolders(process.platform, process.env['ProgramFiles']),
    path: process.env['PATH'] ?? '',
    home: process.env['HOME'],
    systemRoot: process.env['SystemRoot'],
  };
}

/** The job's proxy variables, in lower case, which every package manager reads. */
export function proxySettings(job: NodeJS.ProcessEnv): Record<string, string> {
  const found = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => {
    const value = job[name] ?? job[name.toUpperCase()];
    return value ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found);
}

async function firstProgram(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await may(path, constants.X_OK)) return path;
  return undefined;
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
