import type { ClientRequest, ClientTools } from '../client-tools.ts';
import type { Machine } from '../machine.ts';
import { UnavailableError } from '../unavailable.ts';
import { errorLinesOf } from './apt-failure.ts';
import { machineSources } from './machine-sources.ts';
import { installPackages } from './packages.ts';

/**
 * Installs the client tools from the machine's own apt sources, if they have the version: Debian and Ubuntu
 * have one version in each release. They are unpacked into the tool cache, not installed on the system.
 *
 * Verified by the keys that the machine trusts for its sources: apt checks the packages as
 * usual, and accepts none from a source whose signature it cannot check.
 *
 * @throws UnavailableError when they do not have it.
 */
export async function installFromOwnSources(
  request: ClientRequest,
  machine: Machine,
  available?: ClientTools,
): Promise<ClientTools> {
  const client = `postgresql-client-${request.major}`;
  const wanted = `PostgreSQL ${request.major} client tools`;
  const place = "the machine's own apt sources";
  return installPackages(
    {
      method: 'apt sources',
      place,
      wanted,
      packages: [client, 'libpq5'],
      needsEveryIndex: false,
      explain(output) {
        const complaints = errorLinesOf(output);
        const text = complaints.join('\n');
        const missing =
          /Unable to locate package|Can't find a source|has no installation candidate|Can't select/;
        const reason = missing.test(text)
          ? `they have no package ${client}`
          : (complaints
              .find((line) => line.startsWith('E: '))
              ?.slice(3)
              .replace(/\.$/, '') ?? 'apt-get failed');
        const hint =
          'Use an image of a release whose own packages include this version (Debian 13 has 17), or set postgres-version to one that they include.';
        return new UnavailableError(
          { wanted, place, reason, hint },
          { cause: new Error(text || output.trim()) },
        );
      },
      state: ({ dates }) => ({ settings: [...machineSources(), ...dates], dpkgStatus: '', files: {} }),
    },
    request,
    machine,
    available,
  );
}
