import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from '../../process/run.ts';
import type { ClientRequest, ClientTools } from '../client-tools.ts';
import type { Machine } from '../machine.ts';
import { UnavailableError } from '../unavailable.ts';
import { type Explanation, type RunProgram, installOnSystem, systemInstaller } from './package-manager.ts';
import { type RpmRepository, pgdgRpmRepository } from './pgdg-rpms.ts';

/** The name of PGDG's repository in the one dnf run. */
const REPOSITORY = 'postgres-backup-pgdg';

/** Messages of dnf 4 and 5. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern:
      /GPG signature verification error|GPG check FAILED|(?:is not|are not) correct for this package|Public key for .* is not installed|OpenPGP check|Signature verification failed|BAD signature/i,
    reason: 'a downloaded file is not signed by the expected key',
    hint: "Run again in a few minutes: the repository may be in the middle of an update. If the error persists, do not trust this network, or the repository's settings in /etc/yum.repos.d.",
  },
  {
    pattern: /checksum (?:doesn't|does not) match|Checksum error|Downloading successful, but checksum/i,
    reason: 'a downloaded file does not match the hash in the signed index',
    hint: 'The repository may be in the middle of an update, or a proxy may modify files: run again in a few minutes.',
  },
  {
    pattern: /Status code: 404/,
    reason: 'there is no repository for this release (404)',
    hint: 'Set postgres-version to one for which there are packages (yum.postgresql.org), or use an image of another release.',
    unavailable: true,
  },
  {
    pattern: /Curl error|Status code: |Failed to download metadata|Cannot download|All mirrors were tried/,
    reason: 'the package server could not be reached',
    hint: 'Check the network (proxy, firewall, certificates), or use an image in which the tools are installed.',
    unavailable: true,
  },
  {
    pattern: /No match for argument|Unable to find a match/,
    reason: 'the package does not exist for this release',
    hint: 'Set postgres-version to one for which there are packages (yum.postgresql.org), or use an image of another release.',
    unavailable: true,
  },
  {
    pattern: /superuser privileges|has to be run (?:with|under) /i,
    reason: 'dnf needs root',
    hint: 'Run the job as root (for a container: "options: --user root").',
  },
];

/**
 * Installs PGDG's RPMs of the client tools on the system, with dnf; root or sudo is needed.
 *
 * Verified by PGDG's key, which is part of this action: it signs the index and every package, and
 * dnf checks both. The repository is configured for this one run; no file is added to /etc/yum.repos.d.
 *
 * @throws UserError when they cannot be installed.
 */
export async function installPgdgRpms(
  request: ClientRequest,
  machine: Machine,
  _available?: ClientTools,
  execute: RunProgram = run,
): Promise<ClientTools> {
  const repository = pgdgRpmRepository(machine, request.major);
  if (!repository) {
    throw new UnavailableError({
      wanted: `PostgreSQL ${request.major} client tools`,
      place: "PGDG's RPMs",
      reason: 'there are none for this system',
      hint: 'Use an image of Fedora, RHEL or a distribution that is compatible with it.',
    });
  }
  const folder = await mkdtemp(join(request.workFolder, 'client-'));
  try {
    const key = join(folder, 'PGDG-RPM-GPG-KEY');
    await writeFile(key, repository.key.armour);
    return await installOnSystem(
      {
        method: 'PGDG RPMs',
        place: repository.url,
        program: machine.programs.dnf ?? '/usr/bin/dnf',
        args: [
          ...settings(request),
          ...repositorySettings(repository, key),
          'install',
          `postgresql${request.major}`,
        ],
        needsRoot: true,
        explanations: EXPLANATIONS,
      },
      request,
      machine,
      execute,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Installs the distribution's own package of the client tools on the system, with dnf, as Fedora and Amazon
 * Linux have them; root or sudo is needed.
 *
 * Verified by the distribution's keys: dnf checks every package, even if the settings of a
 * repository turn that off.
 *
 * @throws UserError when they cannot be installed.
 */
export const installWithDnf = systemInstaller((request, machine) => ({
  method: 'dnf repositories',
  place: "the machine's own dnf repositories",
  program: machine.programs.dnf ?? '/usr/bin/dnf',
  args: [...settings(request), '--setopt=*.gpgcheck=1', 'install', `postgresql${request.major}`],
  needsRoot: true,
  explanations: EXPLANATIONS,
}));

function settings({ checkLatest }: ClientRequest): string[] {
  const newest = checkLatest ? ['--refresh', '--setopt=best=1'] : [];
  return ['--assumeyes', ...newest, '--setopt=install_weak_deps=0', '--setopt=gpgcheck=1'];
}

/**
 * The options that configure a repository for one run of dnf (dnf(8), `--repofrompath` and `--setopt`). RHEL 8 would
 * hide its packages behind the distribution's module, and Fedora has packages with the same names.
 */
function repositorySettings({ url }: RpmRepository, key: string): string[] {
  const options = {
    gpgcheck: '1',
    repo_gpgcheck: '1',
    gpgkey: pathToFileURL(key).href,
    module_hotfixes: '1',
    priority: '1',
    skip_if_unavailable: '0',
  };
  return [
    `--repofrompath=${REPOSITORY},${url}`,
    ...Object.entries(options).map(([name, value]) => `--setopt=${REPOSITORY}.${name}=${value}`),
  ];
}
