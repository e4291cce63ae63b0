import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What the proxy does with the connections through it. */
export type Weather =
  /** Everything is passed on. */
  | { readonly kind: 'clear' }
  /** Nobody listens. Connections that are open stay so. */
  | { readonly kind: 'refuse' }
  /**
   * A connection is cut off (`reset`), closed (`end`), stops responding in both directions while it stays open
   * (`silence`), or is held up in both directions until the weather changes (`hold`), as soon as the server has sent so
   * many bytes through it; at once when absent.
   */
  | {
      readonly kind: 'reset' | 'end' | 'silence' | 'hold';
      readonly afterBytes?: number;
      /** How often at most; always when absent. */
      readonly times?: number;
      /** How many of the next connections are left alone, and those that are open too; none when absent. */
      readonly spare?: number;
    }
  /** Every piece of what the server sends comes so much later. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** What the server sends comes at this rate at most. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number };

/** Stands between a client and a server of this machine, and passes on what both say, for better or worse. */
export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** The same URL with the proxy's address. */
  through(url: string): string;
  /** Changes what the proxy does with connections, including open ones. */
  set(weather: Weather): Promise<void>;
  /** Fulfilled when the next `reset`, `end`, `silence` or `hold` strikes. */
  struck(): Promise<void>;
  /** Bytes that the server has sent through each connection so far, in the order in which they were opened. */
  readonly served: readonly number[];
  /** Connections that are open now. */
  readonly open: number;
  stop(): Promise<void>;
}

interface Relay {
  readonly number: number;
  readonly client: Socket;
  readonly server: Socket;
  /** Fallen silent: nothing is passed on any more. */
  silent: boolean;
  /** Fulfilled when it may go on; undefined unless it is held up. */
  held: PromiseWithResolvers<void> | undefined;
  /** When a throttled link is free again, by `performance.now()`. */
  freeAt: number;
}

/** What happens to a connection at one moment. */
type Blow = 'reset' | 'end' | 'silence' | 'hold';

const HOST = '127.0.0.1';
const MADE_UP_MS = 200;

/** Starts a proxy on a free port. */
export async function startTcpProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  const proxy = new Proxy(target);
  await proxy.listen();
  return proxy;
}

class Proxy implements TcpProxy {
  readonly host = HOST;
  readonly served: number[] = [];
  port = 0;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #relays = new Set<Relay>();
  #listener: Server | undefined;
  #weather: Weather = { kind: 'clear' };
  #strikes = 0;
  /** The number of the first connection that the weather strikes. */
  #exposedFrom = 0;
  #onStrike: (() => void)[] = [];

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  get open(): number {
    return this.#relays.size;
  }

  through(url: string): string {
    return url.replace(/(@|\/\/)[^@/?]+(?=[/?]|$)/, `$1${this.host}:${this.port}`);
  }

  struck(): Promise<void> {
    return new Promise((resolve) => this.#onStrike.push(resolve));
  }

  async set(weather: Weather): Promise<void> {
    this.#weather = weather;
    this.#strikes = 0;
    this.#exposedFrom = 'spare' in weather ? this.served.length + (weather.spare ?? 0) : 0;
    if (weather.kind === 'refuse') await this.#deafen();
    else if (!this.#listener) await this.listen();
    for (const relay of this.#relays) {
      release(relay);
      if (weather.kind === 'clear' && relay.silent) this.#strike(relay, 'reset');
      else this.#strikeIfDue(relay);
    }
  }

  async listen(): Promise<void> {
    // Half-open, because what each side says last must still be passed on.
    const listener = createServer({ allowHalfOpen: true }, (client) => {
      this.#relay(client);
    });
    listener.listen(this.port, HOST);
    await once(listener, 'listening');
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
    this.port = address.port;
    this.#listener = listener;
  }

  async stop(): Promise<void> {
    for (const relay of this.#relays) this.#strike(relay, 'reset');
    await this.#deafen();
  }

  /** The port is free from then on; Node closes the listener only after its last connection, so that is not awaited. */
  #deafen(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    return pause(0);
  }

  #relay(client: Socket): void {
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const number = this.served.push(0) - 1;
    const relay: Relay = { number, client, server, silent: false, held: undefined, freeAt: 0 };
    this.#relays.add(relay);
    const forget = (): void => {
      if (relay.silent) return;
      client.destroy();
      server.destroy();
      this.#relays.delete(relay);
    };
    for (const socket of [client, server]) socket.on('error', forget).on('close', forget);
    client.on('data', (chunk: Buffer) => {
      if (!relay.silent) server.write(chunk);
    });
    client.on('end', () => {
      if (!relay.silent) server.end();
    });
    void this.#pass(relay);
    this.#strikeIfDue(relay);
  }

  /** From the server to the client, with backpressure. */
  async #pass(relay: Relay): Promise<void> {
    const { client, server } = relay;
    try {
      // What has fallen silent is left unread, so that the server notices nothing but a client that takes no more.
      for await (const chunk of server.iterator({ destroyOnReturn: false })) {
        if (!Buffer.isBuffer(chunk)) continue;
        await this.#slow(relay, chunk.length);
        let rest = chunk;
        do {
          await relay.held?.promise;
          if (relay.silent || !this.#relays.has(relay)) return;
          const part = rest.subarray(0, this.#bytesUntilStrike(relay));
          rest = rest.subarray(part.length);
          this.served[relay.number] = (this.served[relay.number] ?? 0) + part.length;
          if (part.length > 0 && !client.write(part)) await once(client, 'drain');
          this.#strikeIfDue(relay);
        } while (rest.length > 0);
      }
      await relay.held?.promise;
      if (!relay.silent) client.end();
    } catch {
      // One side has gone: its close handler looks after the other.
    }
  }

  async #slow(relay: Relay, bytes: number): Promise<void> {
    const weather = this.#weather;
    if (weather.kind === 'delay') await pause(weather.milliseconds);
    if (weather.kind !== 'throttle') return;
    const now = performance.now();
    // A timer that fires late must not make the link slower: what it lost is made up for.
    const earliest = relay.freeAt === 0 ? now : now - MADE_UP_MS;
    relay.freeAt = Math.max(earliest, relay.freeAt) + (bytes / weather.bytesPerSecond) * 1000;
    // A timer is exact to a millisecond: what is shorter adds up first.
    if (relay.freeAt - now >= 2) await pause(relay.freeAt - now);
  }

  /** What it can still pass on before the weather strikes it; nothing that is held up is struck again. */
  #bytesUntilStrike(relay: Relay): number {
    const weather = this.#weather;
    if (!('afterBytes' in weather) || !this.#isExposed(relay, weather)) return Infinity;
    return Math.max(0, (weather.afterBytes ?? 0) - (this.served[relay.number] ?? 0));
  }

  #isExposed({ number }: Relay, { times = Infinity }: { readonly times?: number }): boolean {
    return number >= this.#exposedFrom && this.#strikes < times;
  }

  #strikeIfDue(relay: Relay): void {
    const weather = this.#weather;
    if (!isBlow(weather) || relay.silent || relay.held || !this.#isExposed(relay, weather)) return;
    if ((this.served[relay.number] ?? 0) < (weather.afterBytes ?? 0)) return;
    this.#strikes += 1;
    this.#strike(relay, weather.kind);
    for (const resolve of this.#onStrike.splice(0)) resolve();
  }

  /** A silent connection stays open towards both sides, as when a router on the way has forgotten it. */
  #strike(relay: Relay, blow: Blow): void {
    release(relay);
    relay.silent = blow === 'silence';
    if (blow === 'silence') return;
    if (blow === 'hold') {
      relay.held = Promise.withResolvers();
      relay.client.pause();
      return;
    }
    this.#relays.delete(relay);
    if (blow === 'end') relay.client.end();
    else relay.client.resetAndDestroy();
    relay.server.destroy();
  }
}

function isBlow(weather: Weather): weather is Extract<Weather, { readonly kind: Blow }> {
  return ['reset', 'end', 'silence', 'hold'].includes(weather.kind);
}

function release(relay: Relay): void {
  relay.held?.resolve();
  relay.held = undefined;
  relay.client.resume();
}
