import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Certificate, selfSignedCertificate } from './database-certificate.ts';
import { type Database, startDatabase } from './database.ts';

/** A server that lets its superuser `certified` in by a client certificate, and nobody by a password. */
export interface CertifiedServer {
  readonly database: Database;
  readonly client: Certificate;
  /** The inputs with which that certificate is shown, and the server's own is checked. */
  readonly inputs: Readonly<Record<'ssl-root-cert' | 'ssl-cert' | 'ssl-key', string>>;
  readonly urlFor: (databaseName: string) => string;
}

/** Starts such a server for as long as the work takes. */
export async function withCertifiedServer(work: (server: CertifiedServer) => Promise<void>): Promise<void> {
  const client = selfSignedCertificate({ names: ['certified'] });
  // The server may run as another user, who has to reach the file.
  const folder = await mkdtemp(path.join('/tmp', 'authority-'));
  await chmod(folder, 0o755);
  const authority = path.join(folder, 'clients.pem');
  await writeFile(authority, client.certificate, { mode: 0o644 });
  const database = await startDatabase({
    ssl: true,
    settings: [`ssl_ca_file = '${authority}'`],
    hba: ['hostssl all certified 127.0.0.1/32 cert'],
  });
  try {
    await database.query('CREATE ROLE certified LOGIN SUPERUSER');
    await work({
      database,
      client,
      inputs: {
        'ssl-root-cert': database.certificate ?? '',
        'ssl-cert': client.certificate,
        'ssl-key': client.key,
      },
      urlFor: (name) => `postgres://certified@127.0.0.1:${database.port}/${name}?sslmode=verify-full`,
    });
  } finally {
    await database.stop();
    await rm(folder, { recursive: true });
  }
}
