import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { aptGet, unpackPackage } from './apt.ts';
import { type AptSettings, createAptState } from './apt-state.ts';
import { machineSources } from './machine-sources.ts';

/** Which libraries to resolve, and where to put them. */
export interface Dependencies {
  /** The packages whose libraries are missing. */
  readonly packages: readonly string[];
  /** The libraries that the tools did not find, for messages. */
  readonly missing: readonly string[];
  /** The path of dpkg's list of installed packages; it is only read. */
  readonly dpkgStatus: string;
  readonly settings: AptSettings;
  /** A folder to work in. */
  readonly folder: string;
  /** Where the libraries are unpacked to. */
  readonly target: string;
}

/**
 * Downloads the libraries that the tools need and a slim image lacks, from the machine's own apt sources.
 *
 * apt resolves them against a copy of dpkg's status in a private state, verifies them as usual, and
 * only downloads; they are unpacked beside the tools. Nothing is installed.
 *
 * @throws UserError when they cannot be downloaded.
 */
export async function unpackDependencies(wanted: Dependencies, signal: AbortSignal): Promise<void> {
  const status = await readFile(wanted.dpkgStatus, 'utf8').catch(() => '');
  const state = await createAptState(wanted.folder, wanted.settings.network, {
    settings: [...machineSources(), ...wanted.settings.dates],
    dpkgStatus: statusForResolving(status),
    files: {},
  });
  // A source that cannot be reached is not a failure here: the others may be enough.
  const update = await aptGet(state, ['update'], signal);
  const install = await aptGet(
    state,
    ['install', '--download-only', '--no-install-recommends', '--yes', ...wanted.packages],
    signal,
  );
  if (!install.ok) throw unresolved(wanted, `${update.output}\n${install.output}`);

  const archives = join(wanted.folder, 'cache', 'archives');
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb') && mayBeUnpacked(name));
  for (const name of files) {
    const unpacked = await unpackPackage(state, join(archives, name), wanted.target, signal);
    if (!unpacked.ok) throw unresolved(wanted, `${name}: ${unpacked.output}`);
  }
}

/** Packages that the tools depend on but do not use when started by their path: Debian's wrapper, which needs Perl. */
const PRETENDED = ['postgresql-client-common', 'sensible-utils'];

/**
 * dpkg's status as apt is to see it: the installed packages, and those that are not needed as if they were installed.
 *
 * Dependencies between installed packages are left out: a machine with broken packages, or
 * with one that needs the old libpq5, can still run the tools.
 */
export function statusForResolving(status: string): string {
  const installed = status
    .split(/\n{2,}/)
    .filter((stanza) => /^Status: \S+ \S+ installed$/m.test(stanza))
    .map((stanza) =>
      stanza.replace(/^(?:Pre-Depends|Depends|Conflicts|Breaks):.*(?:\n[ \t].*)*\n?/gm, '').trim(),
    );
  const names = new Set(installed.map((stanza) => /^Package: (.*)$/m.exec(stanza)?.[1]));
  const pretended = PRETENDED.filter((name) => !names.has(name)).map((name) =>
    [
      `Package: ${name}`,
      'Status: install ok installed',
      'Maintainer: nobody <nobody@localhost>',
      'Architecture: all',
      'Multi-Arch: foreign',
      'Version: 9999',
      'Description: pretended to be installed',
    ].join('\n'),
  );
  return `${[...installed, ...pretended].join('\n\n')}\n`;
}

/** The C library must match the machine's loader; the tools' own packages are unpacked already. */
function mayBeUnpacked(name: string): boolean {
  return !/^(?:libc6|libc-bin|libpq5|postgresql-client-\d+)_/.test(name);
}

function unresolved(wanted: Dependencies, output: string): UserError {
  return new UserError(
    'tools-unavailable',
    `The PostgreSQL client tools need libraries that this machine lacks (${wanted.missing.join(', ')}), and its own apt sources could not provide them.`,
    "Check the machine's apt sources, or use an image in which the libraries are installed (on Debian: apt-get install libpq5 libreadline8).",
    { cause: new Error(output.trim()) },
  );
}
