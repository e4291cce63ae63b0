import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { libpqSettings } from '../../../src/postgres/libpq-environment.ts';
import {
  type Tunnel,
  type TunnelOptions,
  openTunnel,
  tunnelParameters,
} from '../../../src/postgres/tunnel/tunnel.ts';
import { type RunResult, run } from '../../../src/process/run.ts';
import { type TestClientTools, testClientTools } from '../../support/client-tools.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { fillShop } from '../../support/shop.ts';
import { type TunnelGateway, startTunnelGateway } from '../../support/tunnel-gateway.ts';

export const API_KEY = 'eyJhbGciOiJub25lIn0.eyJpZCI6InRlc3QifQ.c2lnbmF0dXJl';

/** A real server that trusts the gateway, as Prisma's does, with a small shop in its database `postgres`. */
export async function startShopServer(): Promise<Database> {
  const database = await startDatabase({ hba: ['host all postgres 127.0.0.1/32 trust'] });
  await fillShop(database, { database: 'postgres', scale: 0.5 });
  return database;
}

/** A gateway over a server, and tunnels to it. All is closed with `stop()`. */
export class TunnelBed {
  readonly gateway: TunnelGateway;
  readonly #tools: TestClientTools;
  readonly #tunnels: Tunnel[] = [];

  private constructor(gateway: TunnelGateway, tools: TestClientTools) {
    this.gateway = gateway;
    this.#tools = tools;
  }

  static async start(target: { readonly host: string; readonly port: number }): Promise<TunnelBed> {
    const [gateway, tools] = await Promise.all([
      startTunnelGateway({ target, apiKey: API_KEY }),
      testClientTools(),
    ]);
    return new TunnelBed(gateway, tools);
  }

  async tunnel(options: Partial<TunnelOptions> = {}): Promise<Tunnel> {
    const tunnel = await openTunnel({
      apiKey: API_KEY,
      gatewayUrl: this.gateway.url,
      signal: new AbortController().signal,
      ...options,
    });
    this.#tunnels.push(tunnel);
    return tunnel;
  }

  /** Runs psql on SQL. */
  psql(address: Pick<Tunnel, 'host' | 'port'>, sql: string): Promise<RunResult> {
    return this.#run(this.#tools.psql, address, ['-XAtqc', sql]);
  }

  /** Runs pg_dump to plain SQL that is the same every time. */
  pgDump(address: Pick<Tunnel, 'host' | 'port'>, signal?: AbortSignal): Promise<RunResult> {
    return this.#run(this.#tools.pgDump, address, ['--restrict-key=same'], signal);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#tunnels.map((tunnel) => tunnel.close()));
    await this.gateway.stop();
  }

  #run(
    file: string,
    address: Pick<Tunnel, 'host' | 'port'>,
    args: readonly string[],
    signal?: AbortSignal,
  ): Promise<RunResult> {
    const { variables: env } = libpqSettings('connection-string', tunnelParameters(address));
    return run(file, args, { env, ...(signal ? { signal } : {}) });
  }
}

/** A bare TCP connection; its errors are nobody's concern. */
export async function connectTo({ host, port }: Pick<Tunnel, 'host' | 'port'>): Promise<Socket> {
  const client = connect({ host, port, allowHalfOpen: true });
  client.on('error', () => undefined);
  await once(client, 'connect');
  return client;
}

/** Waits until a condition is true; the test's own time limit ends it otherwise. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(10);
}
