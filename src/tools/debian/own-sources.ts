import type { ClientRequest, ClientTools } from '../client-tools.ts';
import type { Machine } from '../machine.ts';
import { UnavailableError } from '../unavailable.ts';
import { complaintsOf } from './apt-failure.ts';
import { machineSources } from './machine-sources.ts';
import { installPackages } from './packages.ts';

/**
 * Brings the client tools from the machine's own apt sources, where they carry the version: Debian and Ubuntu
 * each have one in every release. Nothing is installed on the system here either.
 *
 * What vouches for the bytes: the keys that the machine trusts for its sources. apt checks the packages as it
 * always does, and takes none from a source whose signature it cannot check.
 *
 * @throws UnavailableError when they do not carry it.
 */
export async function installFromOwnSources(
  request: ClientRequest,
  machine: Machine,
  atHand?: ClientTools,
): Promise<ClientTools> {
  const client = `postgresql-client-${request.major}`;
  const wanted = `PostgreSQL ${request.major} client tools`;
  const place = "the machine's own apt sources";
  return installPackages(
    {
      way: 'apt sources',
      place,
      wanted,
      packages: [client, 'libpq5'],
      needsEveryIndex: false,
      explain(said) {
        const complaints = complaintsOf(said);
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
          { cause: new Error(text || said.trim()) },
        );
      },
      state: ({ dates }) => ({ settings: [...machineSources(), ...dates], dpkgStatus: '', files: {} }),
    },
    request,
    machine,
    atHand,
  );
}
