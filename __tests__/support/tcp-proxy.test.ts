import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { type TcpProxy, type Weather, startTcpProxy } from './tcp-proxy.ts';

const ANSWER = Buffer.from('0123456789'.repeat(20_000));

let server: Server;
/** The server's end of each connection. */
let accepted: Socket[];
let proxy: TcpProxy;
/** Answers each piece that it gets with `ANSWER`. */
beforeEach(async () => {
  accepted = [];
  server = createServer((socket) => {
    accepted.push(socket);
    socket.on('data', () => socket.write(ANSWER)).on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  proxy = await startTcpProxy({ host: '127.0.0.1', port: address.port });
});
afterEach(async () => {
  await proxy.stop();
  for (const socket of accepted) socket.destroy();
  server.close();
});

/** A connection through the proxy, what it has got so far, and how it ended. */
interface Client {
  readonly socket: Socket;
  readonly got: () => Buffer;
  /** Fulfilled when so many bytes have come. */
  readonly bytes: (count: number) => Promise<void>;
  /** The code of the error, `end` after a polite end. */
  readonly ended: Promise<string>;
}

function ask(): Client {
  const socket = connect({ host: proxy.host, port: proxy.port });
  let got = Buffer.alloc(0);
  let onData = (): void => undefined;
  socket.on('data', (chunk: Buffer) => {
    got = Buffer.concat([got, chunk]);
    onData();
  });
  const ended = new Promise<string>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? '');
    });
    socket.once('end', () => {
      resolve('end');
    });
  });
  socket.write('?');
  const bytes = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onData = () => {
        if (got.length >= count) resolve();
      };
      onData();
    });
  return { socket, got: () => got, bytes, ended };
}

async function whole(client: Client): Promise<void> {
  await client.bytes(ANSWER.length);
  expect(client.got().equals(ANSWER)).toBe(true);
}

describe('the network simulated by the proxy', () => {
  it('has no faults at first: everything is forwarded, and counted', async () => {
    const client = ask();
    await whole(client);
    expect(proxy.served).toEqual([ANSWER.length]);
    client.socket.end();
    await client.ended;
    expect(proxy.open).toBe(0);
  });

  it('refuses new connections, and does not affect open ones', async () => {
    const early = ask();
    await whole(early);
    await proxy.set({ kind: 'refuse' });
    await expect(ask().ended).resolves.toBe('ECONNREFUSED');
    early.socket.write('?');
    await early.bytes(2 * ANSWER.length);
    await proxy.set({ kind: 'clear' });
    await whole(ask());
  });

  it.each([
    { kind: 'reset', ends: 'ECONNRESET' },
    { kind: 'end', ends: 'end' },
  ] as const)('ends a connection ($kind) after exactly so many bytes', async ({ kind, ends }) => {
    await proxy.set({ kind, afterBytes: 1_000 });
    const struck = proxy.struck();
    const client = ask();
    await expect(client.ended).resolves.toBe(ends);
    await struck;
    expect(proxy.served).toEqual([1_000]);
    expect(client.got().length).toBeLessThanOrEqual(1_000);
    expect(proxy.open).toBe(0);
  });

  it('ends a connection before any data is sent', async () => {
    await proxy.set({ kind: 'reset' });
    await expect(ask().ended).resolves.toBe('ECONNRESET');
    expect(proxy.served).toEqual([0]);
  });

  it('fails as often as requested', async () => {
    await proxy.set({ kind: 'reset', times: 1 });
    await expect(ask().ended).resolves.toBe('ECONNRESET');
    await whole(ask());
  });

  it('does not affect the first connections, nor open ones', async () => {
    const early = ask();
    await whole(early);
    await proxy.set({ kind: 'reset', spare: 1 });
    const next = ask();
    await whole(next);
    await expect(ask().ended).resolves.toBe('ECONNRESET');
    early.socket.write('?');
    await early.bytes(2 * ANSWER.length);
  });

  it('stops responding after a number of bytes, open to both sides, until the fault is removed', async () => {
    await proxy.set({ kind: 'silence', afterBytes: 1_000 });
    const struck = proxy.struck();
    const client = ask();
    await struck;
    await client.bytes(1_000);
    client.socket.write('?');
    // Another connection comes and goes: time enough for what must not happen.
    await proxy.set({ kind: 'silence', afterBytes: ANSWER.length });
    await whole(ask());
    expect(client.got()).toHaveLength(1_000);
    expect([client.socket.destroyed, accepted[0]?.destroyed, accepted[0]?.readableEnded]).toEqual([
      false,
      false,
      false,
    ]);
    await proxy.set({ kind: 'clear' });
    await expect(client.ended).resolves.toBe('ECONNRESET');
  });

  it.each([0, 1_000])('pauses a connection after %d bytes, and lets it continue', async (afterBytes) => {
    await proxy.set({ kind: 'hold', afterBytes, times: 1 });
    const struck = proxy.struck();
    const client = ask();
    await struck;
    await client.bytes(afterBytes);
    await whole(ask());
    expect(client.got()).toHaveLength(afterBytes);
    await proxy.set({ kind: 'clear' });
    await whole(client);
  });

  it.each<Weather>([
    { kind: 'delay', milliseconds: 50 },
    { kind: 'throttle', bytesPerSecond: ANSWER.length * 5 },
  ])('is slow, and forwards everything: %j', async (weather) => {
    await proxy.set(weather);
    const started = performance.now();
    await whole(ask());
    expect(performance.now() - started).toBeGreaterThanOrEqual(weather.kind === 'delay' ? 49 : 190);
  });
});

it('a URL through the proxy has its address, and is otherwise unchanged', () => {
  expect(proxy.through('postgres://app:p%40ss@db.example.com:5432/shop?sslmode=disable')).toBe(
    `postgres://app:p%40ss@127.0.0.1:${proxy.port}/shop?sslmode=disable`,
  );
});
