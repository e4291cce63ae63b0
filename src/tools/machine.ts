import { access, constants, readFile } from 'node:fs/promises';
import { type OsRelease, parseOsRelease } from './debian/os-release.ts';

/** Programs of package managers and their like, by their path; undefined where they are not. */
export interface SystemPrograms {
  readonly apk: string | undefined;
  readonly dnf: string | undefined;
  readonly brew: string | undefined;
  readonly sudo: string | undefined;
}

/** What is known of the machine: plain facts, from which the way to the tools is chosen. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** The processor, as Node names it: `x64`, `arm64`. */
  readonly arch: string;
  readonly isRoot: boolean;
  /** /etc/os-release; empty where there is none. */
  readonly osRelease: OsRelease;
  /** apt-get and dpkg-deb are there. */
  readonly hasApt: boolean;
  /** There are certificates by which apt can check an https server. */
  readonly hasCertificates: boolean;
  /** The list of installed packages; only ever read. */
  readonly dpkgStatus: string;
  readonly programs: SystemPrograms;
  /** The folders of PATH. */
  readonly path: string;
  readonly home: string | undefined;
  /** %ProgramFiles% on Windows. */
  readonly programFiles: string | undefined;
  /** %SystemRoot% on Windows. */
  readonly systemRoot: string | undefined;
}

export const APT_GET = '/usr/bin/apt-get';
export const APT_CONFIG = '/usr/bin/apt-config';
export const DPKG_DEB = '/usr/bin/dpkg-deb';

/** Fixed: the programs of the system, whatever the workflow put on PATH. */
export const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Looks at the machine this process runs on. */
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
    path: process.env['PATH'] ?? '',
    home: process.env['HOME'],
    programFiles: process.env['ProgramFiles'],
    systemRoot: process.env['SystemRoot'],
  };
}

/** The proxies of the job, in the lower case that every package manager knows. */
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
