import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { WebSocket, createWebSocketStream } from 'ws';
import {
  type TunnelError,
  dropped,
  handshakeTimedOut,
  networkFailure,
  refusedWith,
} from './tunnel-failure.ts';

/** Where and how WebSockets are opened. */
export interface Gateway {
  readonly url: URL;
  readonly apiKey: string;
  /** Opens the connections; undefined for plain ones. */
  readonly agent: Agent | undefined;
  /** How long the gateway may take to answer a handshake, in milliseconds. */
  readonly handshakeMs: number;
}

/** Events of a relay's WebSocket. */
export interface RelayEvents {
  readonly onOpen: () => void;
  /** At most once. */
  readonly onFailure: (failure: TunnelError) => void;
}

/** One client's connection and its WebSocket. */
export interface Relay {
  /** Resolves when both are closed; never rejects. */
  readonly ended: Promise<void>;
  /** Bytes that were received on one side and not yet sent on the other, as far as Node.js shows them. */
  readonly bufferedBytes: number;
  /** Ends both at once. */
  destroy(): void;
}

/** A whole frame is kept in memory; gateways send what they read from the server, some 64 KiB. */
const LARGEST_FRAME = 32 * 1024 * 1024;
/** Networks and proxies drop connections that are idle for a minute or two, and a dump is idle while the server sorts. */
const KEEP_ALIVE_MS = 30_000;
const NORMAL_CLOSE_CODES: ReadonlySet<number> = new Set([1000, 1005]);

/**
 * Opens a WebSocket for a client's connection and passes bytes on in both directions, each side as fast as the other reads
 * them. When one side ends, the other is ended as well, after the bytes on their way to it. (A WebSocket cannot be half
 * open: a client that ends its side loses what the server still sends. libpq only does so when it is done.)
 *
 * @param client a connection that can be half open.
 */
export function startRelay(client: Socket, gateway: Gateway, events: RelayEvents): Relay {
  const socket = new WebSocket(gateway.url, {
    headers: { Authorization: `Bearer ${gateway.apiKey}` },
    perMessageDeflate: false,
    maxPayload: LARGEST_FRAME,
    agent: gateway.agent,
  });
  const stream = createWebSocketStream(socket);
  // The pipelines report errors; a late one, after they have ended, must not end the process.
  stream.on('error', () => undefined);
  const destroy = (): void => {
    client.destroy();
    stream.destroy();
  };
  watch(client, socket, gateway, events);
  keepAlive(socket);
  return {
    ended: finished(client, socket, [pipeline(client, stream), pipeline(stream, client)]),
    get bufferedBytes() {
      const streams =
        client.readableLength + client.writableLength + stream.readableLength + stream.writableLength;
      return streams + socket.bufferedAmount;
    },
    destroy,
  };
}

/** Reports when the WebSocket opens, and the first reason why it fails while the client still needs it. */
function watch(client: Socket, socket: WebSocket, gateway: Gateway, events: RelayEvents): void {
  const { host } = gateway.url;
  let failed = false;
  const fail = (failure: TunnelError): void => {
    if (failed || client.destroyed || client.readableEnded) return;
    failed = true;
    events.onFailure(failure);
  };
  // Not ws's `handshakeTimeout`, which starts again with every byte of a slow answer.
  const timer = setTimeout(() => {
    fail(handshakeTimedOut(gateway.handshakeMs, host));
    socket.terminate();
  }, gateway.handshakeMs);
  socket.once('open', () => {
    clearTimeout(timer);
    events.onOpen();
  });
  socket.once('unexpected-response', (_request, response) => {
    fail(refusedWith(response.statusCode ?? 0, host));
    socket.terminate();
  });
  socket.on('error', (error) => {
    fail(networkFailure(error, host));
  });
  socket.once('close', (code) => {
    clearTimeout(timer);
    if (!NORMAL_CLOSE_CODES.has(code)) fail(dropped(code, host));
  });
}

/** TCP keepalives detect a lost network; pings keep proxies from dropping an idle connection. */
function keepAlive(socket: WebSocket): void {
  socket.once('upgrade', ({ socket: connection }) => {
    connection.setNoDelay(true);
    connection.setKeepAlive(true, KEEP_ALIVE_MS);
  });
  socket.once('open', () => {
    const timer = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }, KEEP_ALIVE_MS).unref();
    socket.once('close', () => {
      clearInterval(timer);
    });
  });
}

async function finished(client: Socket, socket: WebSocket, directions: Promise<void>[]): Promise<void> {
  const closed = Promise.all([
    new Promise((resolve) => client.once('close', resolve)),
    new Promise((resolve) => socket.once('close', resolve)),
  ]);
  await Promise.allSettled(directions);
  client.destroy();
  await closed;
}
