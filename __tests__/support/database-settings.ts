import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ServerUser } from './database-folders.ts';
import { type Certificate } from './database-certificate.ts';
import type { ServerVersion } from './database-programs.ts';

/** What a cluster's configuration files are made of. */
export interface ServerSettings {
  readonly version: ServerVersion;
  readonly port: number;
  readonly socketFolder: string;
  readonly tls: Certificate | undefined;
  readonly tlsDemanded: boolean;
  /** More lines for `postgresql.conf`; they win over the others. */
  readonly settings: readonly string[];
  /** More lines for `pg_hba.conf`, before the others. */
  readonly hba: readonly string[];
}

/** Writes `postgresql.conf`, `pg_hba.conf` and the TLS files of a cluster that is not running. */
export function configure(dataDirectory: string, user: ServerUser | undefined, given: ServerSettings): void {
  const write = (name: string, lines: readonly string[]): void => {
    const file = join(dataDirectory, name);
    writeFileSync(file, lines.join('\n') + '\n', { mode: 0o600 });
    chmodSync(file, 0o600);
    if (user) chownSync(file, user.uid, user.gid);
  };
  if (given.tls) {
    write('server.key', [given.tls.key]);
    write('server.crt', [given.tls.certificate]);
  }
  write('postgresql.conf', [
    `listen_addresses = '127.0.0.1'`,
    `port = ${given.port}`,
    `unix_socket_directories = '${given.socketFolder}'`,
    `ssl = ${given.tls ? 'on' : 'off'}`,
    'password_encryption = scram-sha-256',
    // Instead of 4096: the password is compared all the same, thousands of times. 13 has no such setting.
    ...(given.version === '13' ? [] : ['scram_iterations = 1']),
    // The cluster lives for one test: nobody needs it after a power cut.
    'fsync = off',
    'full_page_writes = off',
    'max_wal_size = 4GB',
    'wal_level = minimal',
    'max_wal_senders = 0',
    // Inside the data directory, which goes with the test, and not in /dev/shm.
    'dynamic_shared_memory_type = mmap',
    'shared_buffers = 64MB',
    'max_connections = 50',
    `log_line_prefix = '%m [%p] %q%u@%d '`,
    `timezone = 'UTC'`,
    `datestyle = 'iso, mdy'`,
    `default_text_search_config = 'pg_catalog.english'`,
    ...given.settings,
  ]);
  write('pg_hba.conf', [
    ...given.hba,
    'local all all scram-sha-256',
    `${given.tlsDemanded ? 'hostssl' : 'host'} all all 127.0.0.1/32 scram-sha-256`,
  ]);
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The probe has no port.');
  return address.port;
}
