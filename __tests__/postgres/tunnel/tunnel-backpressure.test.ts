import { once } from 'node:events';
import { type Server, type Socket, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Tunnel } from '../../../src/postgres/tunnel/tunnel.ts';
import { freePort } from '../../support/database-settings.ts';
import { TunnelBed, connectTo, until } from './tunnel-bed.ts';

// Far more than all the buffers of the operating system between the two ends.
const CHUNK = Buffer.alloc(1024 * 1024, 'x');
const CHUNKS = 128;
const TOTAL = CHUNK.length * CHUNKS;
/** Some reads of 64 KiB on either side, whatever the amount of data. */
const BOUND = 512 * 1024;

// The server behind the gateway is a plain one here: it only has to send, or to read, when the test says so.
let server: Server;
let bed: TunnelBed;
let accepted: Promise<Socket>;
beforeEach(async () => {
  const port = await freePort();
  server = createServer({ allowHalfOpen: true });
  accepted = new Promise((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  bed = await TunnelBed.start({ host: '127.0.0.1', port });
});
afterEach(async () => {
  await bed.stop();
  (await accepted).destroy();
  await new Promise((resolve) => server.close(resolve));
});

describe('backpressure in the tunnel', () => {
  it('of a slow client stops the server: the tunnel buffers only a few reads of a dump (thorough)', async () => {
    const tunnel = await bed.tunnel();
    const client = (await connectTo(tunnel)).pause();
    const from = await accepted;
    await expectPaced(tunnel, from, client);
  });

  it('of a slow server stops the client: the tunnel buffers only a few reads of a restore (thorough)', async () => {
    const tunnel = await bed.tunnel();
    const client = await connectTo(tunnel);
    const to = (await accepted).pause();
    await expectPaced(tunnel, client, to);
  });
});

async function expectPaced(tunnel: Tunnel, from: Socket, to: Socket): Promise<void> {
  let largest = 0;
  const look = setInterval(() => (largest = Math.max(largest, tunnel.bufferedBytes)), 1);
  try {
    const sending = pipeline(Readable.from(Array.from({ length: CHUNKS }, () => CHUNK)), from, {
      end: false,
    });
    await standstill(() => from.bytesWritten - from.writableLength);
    // It stopped because nobody reads, not because all is sent; and something waits, so that there is what to bound.
    expect(from.writableLength).toBeGreaterThan(0);
    expect(tunnel.bufferedBytes).toBeGreaterThan(0);
    let received = 0;
    to.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
    await sending;
    await until(() => received >= TOTAL);
    expect(received).toBe(TOTAL);
    expect(largest).toBeLessThan(BOUND);
    from.end();
    await once(to, 'end');
    to.end();
    await until(() => tunnel.connections === 0);
    expect(tunnel.failure).toBeUndefined();
  } finally {
    clearInterval(look);
  }
}

/** Waits until a count has not grown for a while: should a slow machine end the wait early, what follows is still true. */
async function standstill(count: () => number): Promise<void> {
  for (let same = 0, last = -1; same < 30; same = count() === last ? same + 1 : 0) {
    last = count();
    await pause(20);
  }
}
