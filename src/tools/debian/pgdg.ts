import { UserError } from '../../errors.ts';
import type { ClientRequest, ClientTools } from '../client-tools.ts';
import type { Machine } from '../machine.ts';
import { type AptTask, explainAptFailure } from './apt-failure.ts';
import { type Mirror, parseMirror, pgdgMirror } from './mirror-url.ts';
import { debianRelease } from './os-release.ts';
import { installPackages } from './packages.ts';
import { pgdgKey, readSigningKey } from './signing-key.ts';

/**
 * Brings the client tools from PGDG's packages, or from a mirror of them.
 *
 * What vouches for the bytes: the key signs the index, the index holds the SHA-256 of each package; apt checks both.
 *
 * @throws UserError when they cannot be had; then nothing is left behind.
 */
export async function installFromPgdg(
  request: ClientRequest,
  machine: Machine,
  atHand?: ClientTools,
): Promise<ClientTools> {
  const release = debianRelease(machine.osRelease);
  if (!release) {
    throw new UserError(
      'tools-unavailable',
      'PGDG has packages for releases of Debian and Ubuntu, and /etc/os-release names none (VERSION_CODENAME).',
      'Use an image of a release, or install the tools in a step before this one.',
    );
  }
  const mirror =
    request.aptMirror === undefined ? pgdgMirror(machine.hasCertificates) : parseMirror(request.aptMirror);
  const key = request.aptSigningKey === undefined ? pgdgKey() : await readSigningKey(request.aptSigningKey);
  const packages = [`postgresql-client-${request.major}`, 'libpq5'] as const;
  const task: AptTask = {
    wanted: `PostgreSQL ${request.major} client tools`,
    mirror,
    suite: `${release.codename}-pgdg`,
    packages,
    fingerprint: key.fingerprint,
  };
  return installPackages(
    {
      way: 'PGDG',
      place: mirror.label,
      wanted: `${task.wanted} for ${release.name}`,
      packages: [...packages],
      needsEveryIndex: true,
      explain: (said) => explainAptFailure(said, task),
      state: ({ architecture }) => ({
        settings: ['APT::Update::Error-Mode "any";', 'Acquire::Check-Valid-Until "true";'],
        dpkgStatus: '',
        files: {
          'sources.list.d/pgdg.sources': sourceList(mirror, task.suite, architecture),
          // The only key in this state, so it is what Signed-By would name; that cannot hold a path with spaces.
          'trusted.gpg.d/pgdg.asc': key.armour,
        },
      }),
    },
    request,
    machine,
    atHand,
  );
}

/** The source, as apt reads it (sources.list(5), deb822). */
export function sourceList(mirror: Mirror, suite: string, architecture: string | undefined): string {
  const lines = ['Types: deb', `URIs: ${mirror.url}`, `Suites: ${suite}`, 'Components: main'];
  // Without it, apt would ask for the foreign architectures of the machine as well.
  if (architecture !== undefined) lines.push(`Architectures: ${architecture}`);
  return `${lines.join('\n')}\n`;
}
