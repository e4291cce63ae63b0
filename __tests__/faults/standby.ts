import { chownSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, startDatabase } from '../support/database.ts';
import { changeOwner, serverUser } from '../support/database-folders.ts';
import { fillLarge, fillShop } from '../support/shop.ts';
import { type TcpProxy, startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/failure-bench.ts';
import type { FaultBed, Subject } from './fault-bed.ts';

const USER = serverUser();
/** As many as in `bed.large`: a backup of anything else would break the promises. */
const MEGABYTES = 30;
const REPLICATING = ['wal_level = replica', 'max_wal_senders = 4'];

/** A server with a standby. */
export interface Replicated {
  readonly primary: Database;
  readonly standby: Database;
  /** `bed`, with the large database of the standby instead of its own. */
  readonly bed: FaultBed;
}

/**
 * Works with a standby that contains the same data as `bed.large`, and applies changes of its primary even if they conflict
 * with its own queries.
 */
export async function withStandby<T>(bed: FaultBed, work: (servers: Replicated) => Promise<T>): Promise<T> {
  const primary = await startDatabase({
    settings: REPLICATING,
    hba: ['local replication all trust'],
  });
  let standby: Database | undefined;
  let proxy: TcpProxy | undefined;
  try {
    await primary.createDatabase('large');
    await fillLarge(primary, { database: 'large', megabytes: MEGABYTES });
    standby = await startDatabase({
      settings: [
        ...REPLICATING,
        `primary_conninfo = 'host=${primary.socketFolder} port=${primary.port} user=${primary.user}'`,
        'max_standby_streaming_delay = 0',
        'wal_retrieve_retry_interval = 100ms',
      ],
      // Its superuser has the primary's password from now on.
      hba: ['local all all trust'],
    });
    await follow(standby, primary);
    proxy = await startTcpProxy({ host: standby.host, port: standby.port });
    const url = standby.urlFor({ database: 'large', password: primary.password });
    const large: Subject = { ...bed.large, url, proxiedUrl: proxy.through(url) };
    const result = await work({ primary, standby, bed: { ...bed, large, proxy } });
    await refuseSessions(standby);
    return result;
  } finally {
    await proxy?.stop();
    await standby?.stop('immediate');
    await primary.stop('immediate');
  }
}

/** A copy of the primary's files is a standby of it. */
async function follow(standby: Database, primary: Database): Promise<void> {
  await standby.halt();
  await primary.halt();
  rmSync(standby.dataDirectory, { recursive: true });
  mkdirSync(standby.dataDirectory, { mode: 0o700 });
  cpSync(primary.dataDirectory, standby.dataDirectory, { recursive: true });
  if (USER) changeOwner(standby.dataDirectory, USER);
  writeSignal(standby, 'standby.signal');
  await primary.start();
  await standby.start();
}

/**
 * Works with a server that is starting up until it may go on: it recovers from an archive that is slow to
 * answer. It contains the same data as `bed.shop`.
 *
 * @param work gets the connection string, and a function that lets the server go on.
 */
export async function withStartingServer<T>(
  bed: FaultBed,
  work: (subject: Subject, goOn: () => void, server: Database) => Promise<T>,
): Promise<T> {
  const server = await startDatabase({
    settings: ['wal_level = replica', `restore_command = 'until [ -e go-on ]; do sleep 0.05; done; false'`],
  });
  const goOn = (): void => {
    writeSignal(server, 'go-on');
  };
  try {
    const url = await server.createDatabase('shop');
    await fillShop(server, { database: 'shop' });
    await server.halt();
    writeSignal(server, 'recovery.signal');
    const starting = server.start();
    try {
      const result = await work({ ...bed.shop, url, proxiedUrl: url }, goOn, server);
      goOn();
      await starting;
      await refuseSessions(server);
      return result;
    } finally {
      goOn();
      await starting;
    }
  } finally {
    await server.stop('immediate');
  }
}

function writeSignal({ dataDirectory }: Database, name: string): void {
  const file = join(dataDirectory, name);
  writeFileSync(file, '', { mode: 0o600 });
  if (USER) chownSync(file, USER.uid, USER.gid);
}

/** The promise that no session is left applies to these servers too. */
async function refuseSessions(server: Database): Promise<void> {
  await until('no session is left', async () => ((await server.sessions()).length === 0 ? true : undefined));
}
