/**
 * The parent process of a test database's server. It lives as long as the connection to the process that started
 * it, and no longer: whether that ends in order or is killed, the guard stops the server and removes its folder.
 *
 *     node database-guard.ts <folder>
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What the guard is told: start the server. */
export interface StartOrder {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The user to run it as; undefined to run it as ourselves. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

/** What the guard says: the server's process is there, or has ended. */
export type GuardReport =
  { readonly event: 'started'; readonly pid: number } | { readonly event: 'ended'; readonly how: string };

const KILL_AFTER_MS = 10_000;

function guard(folder: string): void {
  let server: { process: ChildProcess; ended: Promise<void>; user: StartOrder['user'] } | undefined;

  process.on('message', (order: StartOrder) => {
    const log = openSync(join(folder, 'server.log'), 'a');
    const child = spawn(order.program, order.args, {
      env: order.env,
      cwd: '/',
      stdio: ['ignore', log, log],
      ...order.user,
    });
    const ended = new Promise<void>((resolve) => {
      child.once('spawn', () => {
        if (child.pid !== undefined) report({ event: 'started', pid: child.pid });
      });
      child.once('error', (error) => {
        report({ event: 'ended', how: error.message });
        resolve();
      });
      child.once('exit', (code, signal) => {
        report({ event: 'ended', how: signal ?? `exit code ${code ?? '?'}` });
        resolve();
      });
    });
    server = { process: child, ended, user: order.user };
  });

  process.once('disconnect', () => {
    void (async () => {
      if (server) await end(server.process, server.ended);
      removeSharedMemory(join(folder, 'data', 'postmaster.pid'), server?.user);
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      process.exit(0);
    })();
  });

  // Only the end of the connection ends the guard; until then nobody would stop the server.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
}

function report(message: GuardReport): void {
  if (process.connected) process.send?.(message);
}

/** An immediate shutdown, even of a server that a test has suspended. */
async function end(server: ChildProcess, ended: Promise<void>): Promise<void> {
  server.kill('SIGQUIT');
  server.kill('SIGCONT');
  const timer = setTimeout(() => server.kill('SIGKILL'), KILL_AFTER_MS);
  await ended;
  clearTimeout(timer);
}

/**
 * A server that was killed leaves a few bytes of System V shared memory in the system; its id is the second
 * number of the seventh line of `postmaster.pid`, a file that every other way to end removes.
 */
function removeSharedMemory(pidFile: string, user: StartOrder['user']): void {
  if (!existsSync(pidFile)) return;
  const id = readFileSync(pidFile, 'utf8').split('\n')[6]?.trim().split(/\s+/)[1];
  if (id === undefined) return;
  try {
    execFileSync('ipcrm', ['-m', id], { stdio: 'ignore', ...user });
  } catch {
    // No `ipcrm` here, or the memory is gone already.
  }
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('The guard needs the folder it guards.');
guard(folder);
