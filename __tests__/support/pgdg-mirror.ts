import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { basename, join } from 'node:path';
import { type MirrorChoice, type MirrorPackages, mirrorPackages } from './pgdg-mirror-packages.ts';
import { createSigner } from './pgdg-mirror-signature.ts';

/** What is wrong with a mirror. */
export type MirrorFault =
  | 'signed by another key'
  | 'index changed after signing'
  | 'package list changed'
  | 'package changed'
  | 'package truncated'
  | 'index expired'
  | 'index old'
  | 'package missing'
  | 'no suite'
  | 'server error';

export interface MirrorOptions extends MirrorChoice {
  readonly fault?: MirrorFault;
  /** How long every answer takes to come, in milliseconds. */
  readonly latency?: number;
  /** Requests whose path contains this are never answered. */
  readonly stallsAt?: string;
}

/** PGDG in miniature: signed packages of PostgreSQL's client tools for this machine, on the loopback. */
export interface PgdgMirror {
  /** For the `apt-mirror` input. */
  readonly url: string;
  /** For the `apt-signing-key` input. */
  readonly signingKey: string;
  /** PostgreSQL 17's version, such as `17.11`. */
  readonly version: string;
  /** Another for each machine and version. */
  readonly name: string;
  /** The paths that were asked for so far. */
  readonly requests: readonly string[];
  /** Resolves when a path that contains `part` has been requested. */
  readonly requested: (part: string) => Promise<void>;
  /** Stops at once, and lets go of whoever waits. */
  readonly stop: () => Promise<void>;
}

type Answer = string | Buffer | { readonly status: number };

/** Starts a mirror; its packages are made once and kept, so that it takes milliseconds later on. */
export async function startPgdgMirror(options: MirrorOptions = {}): Promise<PgdgMirror> {
  const packages = await mirrorPackages(options);
  const { answers, signingKey } = await mirrorContents(packages, options.fault);
  const requests: string[] = [];
  const news = new EventEmitter();

  const stopped = new AbortController();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = decodeURIComponent(request.url ?? '/');
    requests.push(path);
    news.emit('request');
    if (options.stallsAt !== undefined && path.includes(options.stallsAt)) return;
    const timer = setTimeout(() => {
      send(response, options.fault === 'server error' ? { status: 500 } : answers.get(path));
    }, options.latency ?? 0);
    stopped.signal.addEventListener('abort', () => {
      clearTimeout(timer);
    });
  };
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('unreachable');
  return {
    url: `http://127.0.0.1:${address.port}/pgdg`,
    signingKey,
    version: packages.version,
    name: [packages.suite, packages.architecture, packages.version].join('-'),
    requests,
    async requested(part) {
      while (!requests.some((path) => path.includes(part))) await once(news, 'request');
    },
    async stop() {
      if (!server.listening) return;
      stopped.abort();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Everything the mirror serves, by path. */
async function mirrorContents(
  packages: MirrorPackages,
  fault: MirrorFault | undefined,
): Promise<{ answers: Map<string, Answer>; signingKey: string }> {
  const { folder, suite, architecture } = packages;
  const complete = await readFile(join(folder, 'Packages'), 'utf8');
  const list =
    fault === 'package missing'
      ? complete
          .split('\n\n')
          .filter((stanza) => !/^Package: postgresql/m.test(stanza))
          .join('\n\n')
      : complete;
  const signer = createSigner();
  const signed = (fault === 'signed by another key' ? createSigner() : signer).clearsign(
    releaseText(suite, architecture, list, fault),
  );
  const answers = new Map<string, Answer>();
  for (const [, name] of list.matchAll(/^Filename: pool\/(.*)$/gm)) {
    if (name === undefined) continue;
    const bytes = await readFile(join(folder, basename(name)));
    answers.set(`/pgdg/pool/${name}`, faulty(bytes, fault));
  }
  if (fault !== 'no suite') {
    const dists = `/pgdg/dists/${suite}`;
    const lied = fault === 'index changed after signing' ? signed.replace('Origin: T', 'Origin: U') : signed;
    answers.set(`${dists}/InRelease`, lied);
    const served = Buffer.from(list);
    answers.set(
      `${dists}/main/binary-${architecture}/Packages`,
      fault === 'package list changed' ? changed(served) : served,
    );
  }
  return { answers, signingKey: signer.publicKey };
}

function releaseText(
  suite: string,
  architecture: string,
  list: string,
  fault: MirrorFault | undefined,
): string {
  const hash = createHash('sha256').update(list).digest('hex');
  return [
    'Origin: Tests',
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    // An hour ago, so that no clock finds it in the future.
    `Date: ${new Date(Date.now() - (fault === 'index old' ? 200 * 86_400_000 : 3_600_000)).toUTCString()}`,
    ...(fault === 'index expired' ? [`Valid-Until: ${new Date(Date.now() - 60_000).toUTCString()}`] : []),
    `Architectures: ${architecture}`,
    'Components: main',
    'SHA256:',
    ` ${hash} ${Buffer.byteLength(list)} main/binary-${architecture}/Packages`,
    '',
  ].join('\n');
}

function faulty(bytes: Buffer, fault: MirrorFault | undefined): Buffer {
  if (fault === 'package changed') return changed(bytes);
  return fault === 'package truncated' ? bytes.subarray(0, bytes.length >> 1) : bytes;
}

/** The same number of bytes, one of them another. */
function changed(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}

function send(response: ServerResponse, answer: Answer | undefined): void {
  if (typeof answer === 'string' || Buffer.isBuffer(answer)) response.end(answer);
  else response.writeHead(answer?.status ?? 404).end();
}
