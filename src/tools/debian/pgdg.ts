import { UserError } from '../../errors.ts';
import type { ClientRequest, ClientTools } from '../client-tools.ts';
import type { Machine } from '../machine.ts';
import { type AptTask, explainAptFailure } from './apt-failure.ts';
import { type Mirror, parseMirror, pgdgMirror } from './mirror-url.ts';
import { debianRelease } from './os-release.ts';
import { installPackages } from './packages.ts';
import { pgdgKey, readSigningKey } from './signing-key.ts';

/**
 * Installs the client tools from PGDG's packages, or from a mirror of them.
 *
 * Verified by PGDG's signing key: it signs the index, which contains the SHA-256 of each package; apt checks both.
 *
 * @throws UserError when they cannot be installed; then nothing is left behind.
 */
export async function installFromPgdg(
  request: ClientRequest,
  machine: Machine,
  available?: ClientTools,
): Promise<ClientTools> {
  const release = debianRelease(machine.osRelease);
  if (!release) {
    throw new UserError(
      'tools-unavailable',
      'PGDG has packages for releases of Debian and Ubuntu, but /etc/os-release does not name one (VERSION_CODENAME).',
      'Use an image of a Debian or Ubuntu release, or install the tools in a step before this one.',
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
      method: 'PGDG',
      place: mirror.label,
      wanted: `${task.wanted} for ${release.name}`,
      packages: [...packages],
      needsEveryIndex: true,
      // A mirror may be frozen on purpose.
      oldIndex: mirror.custom ? 'info' : 'warning',
      explain: (output) => explainAptFailure(output, task),
      state: ({ architecture }) => ({
        settings: ['APT::Update::Error-Mode "any";', 'Acquire::Check-Valid-Until "true";'],
        dpkgStatus: '',
        files: {
          'sources.list.d/pgdg.sources': sourceList(mirror, task.suite, architecture),
          // The only key in this state, so Signed-By, which allows no spaces in a path, is not needed.
          'trusted.gpg.d/pgdg.asc': key.armour,
        },
      }),
    },
    request,
    machine,
    available,
  );
}

/** The source in apt's format (sources.list(5), deb822). */
export function sourceList(mirror: Mirror, suite: string, architecture: string | undefined): string {
  const lines = ['Types: deb', `URIs: ${mirror.url}`, `Suites: ${suite}`, 'Components: main'];
  // Otherwise apt would download the indexes of the machine's foreign architectures as well.
  if (architecture !== undefined) lines.push(`Architectures: ${architecture}`);
  return `${lines.join('\n')}\n`;
}
