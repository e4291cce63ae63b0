import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { selfSignedCertificate } from './database-certificate.ts';
import { withListener } from './fake-server.ts';
import { type FailureBench, type ProvokedFailure, connectionTo } from './failure-bench.ts';

/** A file of the bench with that text. */
async function file(bench: FailureBench, name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(bench.folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

function certificateOf({ tls }: FailureBench): string {
  if (tls.certificate === undefined) throw new Error('The server has no certificate.');
  return tls.certificate;
}

/** TLS: offered, demanded, trusted, and by whom. */
export const TLS_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'TLS demanded of a server that has none',
    cause: /requires TLS, which the server does not support/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGSSLMODE: 'require' })),
  },
  {
    name: 'no TLS for a server that demands it',
    cause: /encrypted connections only/,
    hint: /sslmode=require/,
    provoke: ({ tls, psql }) => psql(connectionTo(tls, { PGSSLMODE: 'disable' })),
  },
  {
    name: 'a certificate that no public authority signed',
    cause: /certificate could not be verified/,
    provoke: ({ tls, psql }) =>
      psql(connectionTo(tls, { PGHOST: 'localhost', PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'system' })),
  },
  {
    name: 'a certificate for another host',
    cause: /certificate is for "localhost".*not for "db\.example\.com"/,
    provoke: async (bench) =>
      bench.psql(
        connectionTo(bench.tls, {
          PGHOST: 'db.example.com',
          PGHOSTADDR: '127.0.0.1',
          PGSSLMODE: 'verify-full',
          PGSSLROOTCERT: await file(bench, 'root.crt', certificateOf(bench)),
        }),
      ),
  },
  {
    name: 'a certificate that has expired',
    cause: /certificate could not be verified/,
    provoke: async (bench) => {
      const day = 86_400_000;
      const { key, certificate } = selfSignedCertificate({
        names: ['localhost'],
        notBefore: new Date(Date.now() - 3 * day),
        notAfter: new Date(Date.now() - day),
      });
      const PGSSLROOTCERT = await file(bench, 'expired.crt', certificate);
      return withListener(
        (socket) => {
          socket.once('data', () => {
            socket.write('S');
            new TLSSocket(socket, { isServer: true, key, cert: certificate }).on('error', () => undefined);
          });
        },
        (connection) => bench.psql({ ...connection, PGSSLMODE: 'verify-ca', PGSSLROOTCERT }),
      );
    },
  },
  {
    name: 'a root certificate that is not there',
    cause: /sslrootcert.* does not exist/,
    provoke: ({ tls, psql, folder }) =>
      psql(connectionTo(tls, { PGSSLMODE: 'verify-ca', PGSSLROOTCERT: join(folder, 'nope.crt') })),
  },
  {
    name: 'a root certificate that is none',
    cause: /sslrootcert.* cannot be read/,
    provoke: async (bench) =>
      bench.psql(
        connectionTo(bench.tls, {
          PGSSLMODE: 'verify-ca',
          PGSSLROOTCERT: await file(bench, 'broken.crt', 'not a certificate'),
        }),
      ),
  },
  {
    name: 'the roots of the system with a mode that does not check them',
    cause: /sslrootcert=system/,
    hint: /verify-full/,
    provoke: ({ tls, psql }) => psql(connectionTo(tls, { PGSSLMODE: 'require', PGSSLROOTCERT: 'system' })),
  },
  {
    name: 'no client certificate where the server asks for one',
    cause: /asks for a client certificate/,
    provoke: ({ tls, psql }) => psql(connectionTo(tls, { PGUSER: 'certified' })),
  },
  {
    name: 'a client certificate that the server does not trust',
    cause: /did not accept the client certificate/,
    provoke: async (bench) => bench.psql(connectionTo(bench.tls, await clientCertificate(bench, 'unknown'))),
  },
  {
    name: 'a client key that others may read',
    cause: /private key .*read by other users/,
    provoke: async (bench) =>
      bench.psql(connectionTo(bench.tls, await clientCertificate(bench, 'open', { mode: 0o644 }))),
  },
  {
    name: 'a client key of another certificate',
    cause: /certificate and the private key do not match/,
    provoke: async (bench) => {
      const { key } = selfSignedCertificate({ names: ['other'] });
      return bench.psql(connectionTo(bench.tls, await clientCertificate(bench, 'mixed', { key })));
    },
  },
  {
    name: 'a client certificate without its key',
    cause: /client certificate .*no private key|private key.* is missing/,
    provoke: async (bench) => {
      const PGSSLKEY = join(bench.folder, 'no.key');
      return bench.psql(
        connectionTo(bench.tls, { ...(await clientCertificate(bench, 'keyless')), PGSSLKEY }),
      );
    },
  },
  {
    name: 'a version of TLS that the server does not speak',
    cause: /no version of TLS in common/,
    provoke: ({ tls, psql }) =>
      psql(connectionTo(tls, { PGSSLMODE: 'require', PGSSLMAXPROTOCOLVERSION: 'TLSv1.2' })),
  },
];

async function clientCertificate(
  bench: FailureBench,
  name: string,
  given: { readonly key?: string; readonly mode?: number } = {},
): Promise<Record<string, string>> {
  const { key, certificate } = selfSignedCertificate({ names: ['certified'] });
  return {
    PGUSER: 'certified',
    PGSSLMODE: 'require',
    PGSSLCERT: await file(bench, `${name}.crt`, certificate),
    PGSSLKEY: await file(bench, `${name}.key`, given.key ?? key, given.mode),
  };
}
