import { access, constants, readFile } from 'node:fs/promises';
import { type OsRelease, parseOsRelease } from './debian/os-release.ts';

/** What is known of the machine: plain facts, from which the way to the tools is chosen. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** The processor, as Node names it: `x64`, `arm64`. */
  readonly arch: string;
  /** /etc/os-release; empty where there is none. */
  readonly osRelease: OsRelease;
  /** apt-get and dpkg-deb are there. */
  readonly hasApt: boolean;
  /** There are certificates by which apt can check an https server. */
  readonly hasCertificates: boolean;
  /** The list of installed packages; only ever read. */
  readonly dpkgStatus: string;
  /** The folders of PATH. */
  readonly path: string;
  /** %ProgramFiles% on Windows. */
  readonly programFiles: string | undefined;
}

export const APT_GET = '/usr/bin/apt-get';
export const APT_CONFIG = '/usr/bin/apt-config';
export const DPKG_DEB = '/usr/bin/dpkg-deb';

/** Looks at the machine this process runs on. */
export async function surveyMachine(): Promise<Machine> {
  const [osRelease, aptGet, dpkgDeb, certificates] = await Promise.all([
    readFile('/etc/os-release', 'utf8').catch(() => ''),
    may(APT_GET, constants.X_OK),
    may(DPKG_DEB, constants.X_OK),
    may('/etc/ssl/certs/ca-certificates.crt', constants.R_OK),
  ]);
  return {
    platform: process.platform,
    arch: process.arch,
    osRelease: parseOsRelease(osRelease),
    hasApt: aptGet && dpkgDeb,
    hasCertificates: certificates,
    dpkgStatus: '/var/lib/dpkg/status',
    path: process.env['PATH'] ?? '',
    programFiles: process.env['ProgramFiles'],
  };
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
