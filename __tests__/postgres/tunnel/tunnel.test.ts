import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../../support/database.ts';
import { tunnelParameters } from '../../../src/postgres/tunnel/tunnel.ts';
import { TunnelBed, connectTo, startShopServer, until } from './tunnel-bed.ts';

let server: Database;
let bed: TunnelBed;
beforeAll(async () => {
  server = await startShopServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  bed = await TunnelBed.start(server);
});
afterEach(() => bed.stop());

describe('the tunnel', () => {
  it('lets psql query the database behind the gateway, without password and TLS', async () => {
    const tunnel = await bed.tunnel();
    expect(tunnelParameters(tunnel)).toMatchObject({
      host: '127.0.0.1',
      sslmode: 'disable',
      dbname: 'postgres',
    });
    const result = await bed.psql(tunnel, 'SELECT current_database(), 6 * 7');
    expect(result).toMatchObject({ exitCode: 0, stdout: 'postgres|42\n', stderr: '' });
    expect(bed.gateway.opened).toBe(1);
    expect(tunnel.failure).toBeUndefined();
  });

  it('transfers a dump byte for byte', async () => {
    const direct = await bed.pgDump(server);
    const tunnel = await bed.tunnel();
    const through = await bed.pgDump(tunnel);
    expect({ exitCode: through.exitCode, stderr: through.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(direct.stdout.length).toBeGreaterThan(1_000_000);
    expect(through.stdout === direct.stdout).toBe(true);
    expect(bed.gateway.sentBytes).toBeGreaterThan(1_000_000);
    expect(tunnel.failure).toBeUndefined();
  });

  it('transfers a dump in small fragments', async () => {
    bed.gateway.behaviour.fragmentBytes = 1009;
    const [direct, through] = await Promise.all([bed.pgDump(server), bed.pgDump(await bed.tunnel())]);
    expect(through.exitCode).toBe(0);
    expect(through.stdout === direct.stdout).toBe(true);
  });

  it('transfers what a client sends, also large statements', async () => {
    const tunnel = await bed.tunnel();
    const client = await connectTo(tunnel);
    // A simple query of 8 MB in PostgreSQL's protocol; psql cannot be given one as an argument.
    client.write(startup({ user: 'postgres', database: 'postgres' }));
    const text = 'x'.repeat(8_000_000);
    client.write(message('Q', `SELECT length('${text}')\0`));
    let answer = '';
    client.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    await until(() => answer.includes('8000000'));
    client.end(message('X', ''));
    await once(client, 'end');
    expect(bed.gateway.receivedBytes).toBeGreaterThan(8_000_000);
    expect(tunnel.failure).toBeUndefined();
  });

  it('serves several connections at once, each with its own WebSocket', async () => {
    const tunnel = await bed.tunnel();
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        bed.psql(
          tunnel,
          `SELECT ${number}, length(string_agg(md5(i::text), '')) FROM generate_series(1, 20000) i`,
        ),
      ),
    );
    expect(results.map(({ stdout }) => stdout)).toEqual(
      Array.from({ length: 8 }, (_, number) => `${number}|640000\n`),
    );
    expect(bed.gateway.opened).toBe(8);
  });

  it('refuses a connection beyond its limit with an error, and accepts the next one after an end', async () => {
    const tunnel = await bed.tunnel({ maxConnections: 2 });
    const clients = [await connectTo(tunnel), await connectTo(tunnel)];
    await until(() => bed.gateway.open === 2);
    const refused = await bed.psql(tunnel, 'SELECT 1');
    expect(refused.exitCode).not.toBe(0);
    expect(tunnel.failure?.message).toContain('More than 2 connections');
    clients[0]?.destroy();
    await until(() => bed.gateway.open === 1 && tunnel.connections === 1);
    expect(await bed.psql(tunnel, 'SELECT 1')).toMatchObject({ exitCode: 0 });
    expect(tunnel.failure).toBeUndefined();
  });

  it("leaves it to psql to report the server's message before it ended the connection", async () => {
    const tunnel = await bed.tunnel();
    const result = await bed.psql(tunnel, 'SELECT pg_terminate_backend(pg_backend_pid())');
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toContain('terminating connection due to administrator command');
    expect(tunnel.failure).toBeUndefined();
  });

  it('lets a cancelled dump cancel its query on the server, which would otherwise wait for a lock', async () => {
    const tunnel = await bed.tunnel();
    const waiting = async (begin: string): Promise<number | undefined> =>
      (await server.sessions()).find(({ query, state }) => query.startsWith(begin) && state === 'active')
        ?.pid;
    const lock = bed.psql(server, 'BEGIN; LOCK TABLE shop.orders; SELECT pg_sleep(600)');
    await until(async () => (await waiting('BEGIN; LOCK')) !== undefined);
    const controller = new AbortController();
    const dump = bed.pgDump(tunnel, controller.signal);
    await until(async () => (await waiting('LOCK TABLE')) !== undefined);
    controller.abort(new Error('cancelled'));
    await expect(dump).rejects.toThrow('cancelled');
    await until(async () => (await waiting('LOCK TABLE')) === undefined);
    expect(bed.gateway.opened).toBe(2);
    expect(tunnel.failure).toBeUndefined();
    await server.query('SELECT pg_terminate_backend($1)', { values: [await waiting('BEGIN; LOCK')] });
    await lock;
  });
});

describe('closing the tunnel', () => {
  it('ends idle, busy and opening connections, and leaves no socket', async () => {
    const tunnel = await bed.tunnel();
    const busy = bed.psql(tunnel, 'SELECT pg_sleep(600)');
    const idle = await connectTo(tunnel);
    await until(() => bed.gateway.open === 2);
    bed.gateway.behaviour.answer = 'stall';
    await connectTo(tunnel);
    await until(() => tunnel.connections === 3);
    const { port } = tunnel;
    await tunnel.close();
    expect(tunnel.connections).toBe(0);
    expect(tunnel.failure).toBeUndefined();
    expect((await busy).exitCode).not.toBe(0);
    await until(() => idle.destroyed || idle.readableEnded);
    await until(() => bed.gateway.open === 0);
    await expect(connectTo({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('can be requested twice', async () => {
    const tunnel = await bed.tunnel();
    await Promise.all([tunnel.close(), tunnel.close()]);
    await tunnel.close();
  });

  it('leaves no handle that would keep the process alive', async () => {
    const handles = (): string[] =>
      process
        .getActiveResourcesInfo()
        .filter((name) => /TCP|Timeout/.test(name))
        .sort();
    const before = handles();
    const tunnel = await bed.tunnel();
    await bed.psql(tunnel, 'SELECT 1');
    const idle = await connectTo(tunnel);
    await until(() => bed.gateway.open === 1);
    expect(handles()).not.toEqual(before);
    await tunnel.close();
    idle.destroy();
    await until(() => handles().length <= before.length);
  });
});

describe('opening the tunnel', () => {
  it('does not start if the job is already cancelled', async () => {
    const signal = AbortSignal.abort(new Error('early'));
    await expect(bed.tunnel({ signal })).rejects.toThrow('early');
  });

  it('refuses a key that is not valid in a header, without showing it', async () => {
    const error = bed.tunnel({ apiKey: 'SECRET\r\nHost: evil' });
    await expect(error).rejects.toMatchObject({
      name: 'UserError',
      message: expect.not.stringContaining('SECRET'),
    });
  });
});

function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(parameters).flat().join('\0');
  const body = Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from(`${text}\0\0`)]);
  return Buffer.concat([lengthOf(body), body]);
}

function message(type: string, text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from(type), lengthOf(body), body]);
}

function lengthOf(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return length;
}
