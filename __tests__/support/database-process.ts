import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { errorCode } from '../../src/errors.ts';
import type { GuardReport, StartOrder } from './database-guard.ts';
import { nodeProgram } from './node-program.ts';

const READY_AFTER_MS = 60_000;
const POLL_MS = 10;

/** A server's process, run by a guard that outlives nobody: see `database-guard.ts`. */
export class ServerProcess {
  readonly #folder: string;
  readonly #guard: ChildProcess;
  #pid: number | undefined;
  #ended: { how: string } | undefined;
  #onChange: (() => void)[] = [];

  /**
   * @param folder where the server lives, with its cluster in `data` and its log in `server.log`; removed in the end.
   */
  constructor(folder: string) {
    this.#folder = folder;
    // A session of its own: Ctrl-C in the terminal must not reach the server before the test has ended.
    this.#guard = fork(join(import.meta.dirname, 'database-guard.ts'), [folder], {
      execPath: nodeProgram(),
      execArgv: [],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#guard.on('message', (report: GuardReport) => {
      if (report.event === 'started') this.#pid = report.pid;
      else this.#ended = { how: report.how };
      this.#changed();
    });
    this.#guard.once('exit', () => {
      this.#ended ??= { how: 'its guard ended' };
      this.#changed();
    });
    this.#keepWaiting(false);
  }

  /** The process id of the postmaster. */
  get pid(): number {
    if (this.#pid === undefined || this.#ended) throw new Error('The test database is not running.');
    return this.#pid;
  }

  get isRunning(): boolean {
    return this.#pid !== undefined && !this.#ended;
  }

  /** What the server has written to its log. */
  get log(): string {
    const file = join(this.#folder, 'server.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /**
   * Starts the server and waits until it accepts connections.
   *
   * @param isReady whether it does; as PostgreSQL tells it when absent.
   * @throws with the server's own words when it ends before.
   */
  async start(
    order: StartOrder,
    isReady: () => boolean | Promise<boolean> = () => this.#isReady(),
  ): Promise<void> {
    const before = this.log.length;
    this.#pid = undefined;
    this.#ended = undefined;
    this.#guard.send(order);
    const deadline = Date.now() + READY_AFTER_MS;
    while (!(await isReady())) {
      const failed = this.#hasEnded();
      if (failed) throw new Error(`The server did not start (${failed.how}): ${this.log.slice(before)}`);
      if (Date.now() > deadline) throw new Error(`The server is not ready yet: ${this.log.slice(before)}`);
      await pause(POLL_MS);
    }
  }

  /** Waits until the server's process has ended. */
  async ended(): Promise<void> {
    await this.#until(() => this.#hasEnded() !== undefined);
  }

  /** Ends the guard, which stops the server if it still runs and removes the folder. */
  async close(): Promise<void> {
    if (this.#guard.connected) this.#guard.disconnect();
    await this.#until(() => this.#guard.exitCode !== null || this.#guard.signalCode !== null);
  }

  /** As `pg_ctl` does it: the server writes `ready` into its pid file, below its process id. */
  #isReady(): boolean {
    const file = join(this.#folder, 'data', 'postmaster.pid');
    const lines = readIfThere(file).split('\n');
    return this.#pid !== undefined && lines[0] === String(this.#pid) && lines[7]?.trim() === 'ready';
  }

  #hasEnded(): { how: string } | undefined {
    return this.#ended;
  }

  async #until(isTrue: () => boolean): Promise<void> {
    this.#keepWaiting(true);
    while (!isTrue()) await new Promise<void>((resolve) => this.#onChange.push(resolve));
    this.#keepWaiting(false);
  }

  #changed(): void {
    const waiting = this.#onChange;
    this.#onChange = [];
    for (const tell of waiting) tell();
  }

  /** A database that a test forgot must not keep its process from ending: that end stops the server. */
  #keepWaiting(yes: boolean): void {
    if (yes) {
      this.#guard.ref();
      this.#guard.channel?.ref();
    } else {
      this.#guard.unref();
      this.#guard.channel?.unref();
    }
  }
}

/** A server that recovers from a crash removes its file, and writes another. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
