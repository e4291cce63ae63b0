import { connect, createServer } from 'node:net';
import { type IncomingMessage, createServer as createHttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { dropped, networkFailure, refusedWith } from '../../../src/postgres/tunnel/tunnel-failure.ts';
import { selfSignedCertificate } from '../../support/database-certificate.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { freePort } from '../../support/database-settings.ts';
import { type TunnelGateway, startTunnelGateway } from '../../support/tunnel-gateway.ts';
import { API_KEY, TunnelBed, connectTo, startShopServer, until } from './tunnel-bed.ts';

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

describe('the first handshake', () => {
  it('reports a refused key without showing it', async () => {
    const tunnel = await bed.tunnel({ apiKey: 'not-the-SECRET' });
    const result = await bed.psql(tunnel, 'SELECT 1');
    expect(result.exitCode).toBe(2);
    expect(tunnel.failure).toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/refused the api_key .*401/),
      hint: expect.stringContaining('db.prisma.io'),
      transient: false,
    });
    expect(`${tunnel.failure?.stack ?? ''} ${String(tunnel.failure?.cause)}`).not.toContain('SECRET');
  });

  it('reports a key without a database', async () => {
    bed.gateway.behaviour.answer = 410;
    const tunnel = await bed.tunnel();
    expect((await bed.psql(tunnel, 'SELECT 1')).exitCode).toBe(2);
    expect(tunnel.failure).toMatchObject({
      message: expect.stringMatching(/no Prisma Postgres database for the api_key .*410/),
      transient: false,
    });
  });

  it.each([
    [503, true],
    [429, true],
    [404, false],
    [302, false],
  ])('reports any other status, such as %d', async (status, transient) => {
    bed.gateway.behaviour.answer = status;
    const tunnel = await bed.tunnel();
    expect((await bed.psql(tunnel, 'SELECT 1')).exitCode).toBe(2);
    expect(tunnel.failure).toMatchObject({ message: expect.stringContaining(`HTTP ${status}`), transient });
  });

  it('times out if the gateway does not answer', async () => {
    bed.gateway.behaviour.answer = 'stall';
    const tunnel = await bed.tunnel({ handshakeMs: 200 });
    expect((await bed.psql(tunnel, 'SELECT 1')).exitCode).toBe(2);
    expect(tunnel.failure).toMatchObject({
      message: expect.stringContaining('did not respond within 0.2 s'),
      transient: true,
    });
  });

  it('times out if the gateway answers byte by byte without end', async () => {
    const drip = createServer((connection) => {
      connection.on('error', () => undefined);
      const timer = setInterval(() => connection.write('H'), 20);
      connection.on('close', () => {
        clearInterval(timer);
      });
      connection.write('HTTP/1.1 101 Switching Protocols\r\nX-Slow: ');
    });
    const port = await freePort();
    await new Promise<void>((resolve) => drip.listen(port, '127.0.0.1', resolve));
    try {
      const tunnel = await bed.tunnel({ gatewayUrl: new URL(`ws://127.0.0.1:${port}/`), handshakeMs: 300 });
      expect((await bed.psql(tunnel, 'SELECT 1')).exitCode).toBe(2);
      expect(tunnel.failure?.message).toContain('did not respond within 0.3 s');
    } finally {
      await new Promise((resolve) => drip.close(resolve));
    }
  });

  it('reports that nothing listens at the gateway', async () => {
    const gatewayUrl = new URL(`ws://127.0.0.1:${await freePort()}/websocket`);
    const tunnel = await bed.tunnel({ gatewayUrl });
    expect((await bed.psql(tunnel, 'SELECT 1')).exitCode).toBe(2);
    expect(tunnel.failure).toMatchObject({
      message: `Nothing accepts connections at Prisma's tunnel, ${gatewayUrl.host}.`,
      transient: true,
    });
  });

  it('reports that something else answers there', async () => {
    const gatewayUrl = new URL(`ws://127.0.0.1:${server.port}/`);
    const tunnel = await bed.tunnel({ gatewayUrl });
    expect((await bed.psql(tunnel, 'SELECT 1')).exitCode).toBe(2);
    expect(tunnel.failure?.message).toMatch(/does not use the protocol|The connection to .* failed/);
  });

  it('clears an earlier failure when it succeeds', async () => {
    const tunnel = await bed.tunnel();
    bed.gateway.behaviour.answer = 503;
    await bed.psql(tunnel, 'SELECT 1');
    expect(tunnel.failure).toBeDefined();
    bed.gateway.behaviour.answer = 'relay';
    expect((await bed.psql(tunnel, 'SELECT 1')).exitCode).toBe(0);
    expect(tunnel.failure).toBeUndefined();
  });
});

describe('a gateway that drops an open connection', () => {
  it.each([
    ['without a close code', undefined, 1006],
    ['because it restarts', 1012, 1012],
    ['because of an error of its own', 1011, 1011],
  ])('ends the dump: %s', async (_, dropWith, code) => {
    Object.assign(bed.gateway.behaviour, { dropAfterBytes: 500_000, dropWith });
    const tunnel = await bed.tunnel();
    const dump = await bed.pgDump(tunnel);
    expect(dump.exitCode).toBe(1);
    expect(dump.stdout).not.toContain('PostgreSQL database dump complete');
    expect(bed.gateway.sentBytes).toBe(500_000);
    expect(tunnel.failure).toMatchObject({
      message: expect.stringContaining(
        `closed the connection to the database (WebSocket close code ${code})`,
      ),
      transient: true,
    });
    await until(() => tunnel.connections === 0);
  });

  it('ends the dump even if it reports a normal end', async () => {
    Object.assign(bed.gateway.behaviour, { dropAfterBytes: 500_000, dropWith: 1000 });
    const tunnel = await bed.tunnel();
    const dump = await bed.pgDump(tunnel);
    expect(dump.exitCode).toBe(1);
    // The server may end a connection in the same way, so here psql and pg_dump are the ones to tell.
    expect(tunnel.failure).toBeUndefined();
    expect(dump.stderr).toMatch(/server closed the connection unexpectedly|no connection to the server/);
    await until(() => tunnel.connections === 0);
  });

  it('ends the dump if the database behind it crashes', async () => {
    const own = await startDatabase({ hba: ['host all postgres 127.0.0.1/32 trust'] });
    const ownBed = await TunnelBed.start(own);
    try {
      const tunnel = await ownBed.tunnel();
      const query = ownBed.psql(tunnel, 'SELECT pg_sleep(600)');
      await until(async () => (await own.sessions()).some(({ query }) => query.includes('pg_sleep')));
      await own.crash();
      expect((await query).stderr).toContain('server closed the connection unexpectedly');
      await until(() => tunnel.connections === 0);
    } finally {
      await ownBed.stop();
      await own.stop();
    }
  });
});

describe('a client that disconnects', () => {
  it.each([
    [
      'politely',
      (client: { end: () => void }) => {
        client.end();
      },
    ],
    [
      'with a reset',
      (client: { resetAndDestroy: () => void }) => {
        client.resetAndDestroy();
      },
    ],
  ])('ends its WebSocket without a failure of the tunnel: %s', async (_, leave) => {
    const tunnel = await bed.tunnel();
    const client = await connectTo(tunnel);
    await until(() => bed.gateway.open === 1);
    leave(client);
    await until(() => bed.gateway.open === 0 && tunnel.connections === 0);
    expect(tunnel.failure).toBeUndefined();
    client.destroy();
  });

  it('ends an unanswered attempt at the time limit at the latest', async () => {
    bed.gateway.behaviour.answer = 'stall';
    const tunnel = await bed.tunnel({ handshakeMs: 300 });
    const client = await connectTo(tunnel);
    await until(() => tunnel.connections === 1);
    client.resetAndDestroy();
    await until(() => tunnel.connections === 0);
    expect(tunnel.failure).toBeUndefined();
  });
});

describe('a gateway behind TLS', () => {
  const certificate = selfSignedCertificate({ names: ['localhost'], addresses: ['127.0.0.1'] });
  const trusted = tls.getCACertificates('default');
  let secure: TunnelGateway;
  beforeEach(async () => {
    secure = await startTunnelGateway({ target: server, apiKey: API_KEY, tls: certificate });
  });
  afterEach(async () => {
    tls.setDefaultCACertificates(trusted);
    await secure.stop();
  });

  it('is refused if its certificate is not signed by a trusted CA, and gets no key', async () => {
    const tunnel = await bed.tunnel({ gatewayUrl: secure.url, env: {} });
    expect((await bed.psql(tunnel, 'SELECT 1')).exitCode).toBe(2);
    expect(tunnel.failure?.message).toContain('certificate');
    expect(secure.requests).toBe(0);
  });

  it('is used if its certificate is trusted', async () => {
    tls.setDefaultCACertificates([certificate.certificate]);
    const tunnel = await bed.tunnel({ gatewayUrl: secure.url, env: {} });
    expect(await bed.psql(tunnel, 'SELECT 1')).toMatchObject({ exitCode: 0, stdout: '1\n' });
    expect(secure.opened).toBe(1);
  });

  it('is reached through the proxy in the environment', async () => {
    tls.setDefaultCACertificates([certificate.certificate]);
    const asked: string[] = [];
    await using proxy = await startProxy((request, connection) => {
      asked.push(request.url ?? '');
      const onward = connect({ host: '127.0.0.1', port: Number(secure.url.port) }, () => {
        connection.write('HTTP/1.1 200 OK\r\n\r\n');
        pipeline(connection, onward, connection).catch(() => undefined);
      });
    });
    const tunnel = await bed.tunnel({ gatewayUrl: secure.url, env: { https_proxy: proxy.url('') } });
    expect(await bed.psql(tunnel, 'SELECT 1')).toMatchObject({ exitCode: 0, stdout: '1\n' });
    expect(asked).toEqual([secure.url.host]);
  });

  it('causes an error if the proxy in the environment refuses, without its password', async () => {
    await using proxy = await startProxy((_, connection) => connection.end('HTTP/1.1 407 No\r\n\r\n'));
    const env = { https_proxy: proxy.url('user:SECRET@') };
    const tunnel = await bed.tunnel({ gatewayUrl: secure.url, env });
    expect((await bed.psql(tunnel, 'SELECT 1')).exitCode).toBe(2);
    expect(tunnel.failure?.message).toContain('https_proxy');
    expect(`${tunnel.failure?.hint ?? ''} ${String(tunnel.failure?.cause)}`).not.toContain('SECRET');
  });
});

describe('the explanation of a failure', () => {
  // Recorded codes: these failures cannot be provoked on every machine.
  it.each([
    ['ENOTFOUND', 'not known to DNS', false],
    ['EAI_AGAIN', 'temporary DNS failure', true],
    ['ETIMEDOUT', 'cannot be reached', true],
    ['ENETUNREACH', 'cannot be reached', true],
    ['CERT_HAS_EXPIRED', 'certificate', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate', false],
    ['WS_ERR_INVALID_OPCODE', 'does not use the protocol', false],
    ['ESOMETHING', 'failed', true],
  ])('exists for %s', (code, words, transient) => {
    const failure = networkFailure(Object.assign(new Error('raw'), { code }), 'gateway.example');
    expect(failure).toMatchObject({ message: expect.stringContaining(words), transient });
    expect(failure.message).toContain('gateway.example');
  });

  it('always has a hint', () => {
    for (const { hint } of [
      refusedWith(401, 'h'),
      refusedWith(500, 'h'),
      dropped(1006, 'h'),
      networkFailure('', 'h'),
    ]) {
      expect(hint).toContain('postgres://…@db.prisma.io');
    }
  });
});

interface Proxy extends AsyncDisposable {
  /** Its URL, with the credentials given. */
  url(credentials: string): string;
}

async function startProxy(
  onConnect: (request: IncomingMessage, connection: Duplex) => unknown,
): Promise<Proxy> {
  const connections = new Set<Duplex>();
  const proxy = createHttpServer().on('connect', (request, connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    onConnect(request, connection);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
  return {
    url: (credentials) => `http://${credentials}127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
