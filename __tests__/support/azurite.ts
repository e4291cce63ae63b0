import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { isJsonObject } from './artifact-service-http.ts';
import { REPOSITORY_ROOT, nodeProgram } from './node-program.ts';

/** An Azurite that runs, and the key of its account. */
export interface Azurite {
  /** Without a slash at the end. */
  readonly origin: string;
  readonly key: string;
}

/** The account that Azurite has. */
export const ACCOUNT = 'artifactstore';
/** Ends Azurite when its standard input closes, which happens however the process that started it ends. */
const END_WITH_PARENT = 'data:text/javascript,process.stdin.resume().once("end",()=>process.exit()).unref()';
/** All test files that a worker of Jest runs share this, and nothing else. */
const SHARED = 'azurite of this process';

let starting: Promise<Azurite> | undefined;

/** The Azurite of this process, on a free port, with everything in memory. The first call starts it. */
export function azurite(): Promise<Azurite> {
  return (starting ??= shared());
}

async function shared(): Promise<Azurite> {
  const known = getEnvironmentData(SHARED);
  const { origin, key }: Record<string, unknown> = isJsonObject(known) ? known : {};
  if (typeof origin === 'string' && typeof key === 'string') return { origin, key };
  const started = await start();
  setEnvironmentData(SHARED, { ...started });
  return started;
}

async function start(): Promise<Azurite> {
  const program = join(REPOSITORY_ROOT, 'node_modules/azurite/dist/src/blob/main.js');
  const options = ['--disableTelemetry', '--skipApiVersionCheck', '--inMemoryPersistence', '--silent'];
  const key = randomBytes(32).toString('base64');
  const server = spawn(nodeProgram(), ['--import', END_WITH_PARENT, program, ...options, '--blobPort', '0'], {
    env: { AZURITE_ACCOUNTS: `${ACCOUNT}:${key}` },
    // It writes nothing there as long as everything is in memory.
    cwd: tmpdir(),
    stdio: ['pipe', 'pipe', 'inherit'],
    // Ctrl-C in the terminal must not reach it before the tests have ended.
    detached: true,
  });
  const origin = await originIn(server.stdout);
  // It is to end with this process, not to keep it from ending.
  server.unref();
  for (const stream of [server.stdin, server.stdout]) if (stream instanceof Socket) stream.unref();
  return { origin, key };
}

/** Where it listens, which is the first thing that it says. */
async function originIn(output: Readable): Promise<string> {
  let text = '';
  for await (const chunk of output.iterator({ destroyOnReturn: false })) {
    text += Buffer.isBuffer(chunk) ? chunk.toString('utf8') : '';
    const origin = /listens on (http:\/\/[\d.]+:\d+)/.exec(text)?.[1];
    if (origin !== undefined) return origin;
  }
  throw new Error(`Azurite ended by itself.\n${text}`);
}
