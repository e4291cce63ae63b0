import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { testClientTools } from '../../__tests__/support/client-tools.ts';
import { startDatabase } from '../../__tests__/support/database.ts';
import { fillLarge } from '../../__tests__/support/shop.ts';
import { median, printFigures, timed } from './figures.ts';

const execute = promisify(execFile);
const ROUNDS = 5;

/** A dump of some 500 MB of text through the tunnel against the direct connection, and the memory of the bridge. */
export async function benchTunnel(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
  const [database, tools] = await Promise.all([
    startDatabase({
      settings: ['max_wal_size = 8GB'],
      hba: ['host all postgres 127.0.0.1/32 trust'],
    }),
    testClientTools(),
  ]);
  const ends: End[] = [];
  try {
    console.log('Filling a database with about 650 MB …');
    await fillLarge(database, { megabytes: 650 });
    await database.query('CHECKPOINT');
    const gateway = await startEnd(ends, 'gateway', String(database.port));
    const bridge = await startEnd(ends, 'bridge', gateway.address);
    const dump = (port: number | string): Promise<number> =>
      timed(() =>
        execute(tools.pgDump, ['-Fc', '-Z', 'zstd:3', `--file=${path.join(folder, 'dump.bak')}`], {
          env: {
            PGHOST: '127.0.0.1',
            PGPORT: String(port),
            PGUSER: 'postgres',
            PGDATABASE: 'postgres',
            PGSSLMODE: 'disable',
            PGGSSENCMODE: 'disable',
          },
        }),
      );
    await dump(database.port);
    const ratios: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      // In turn, so that a machine that slows down favours neither.
      const before = round % 2 === 1 ? await dump(database.port) : undefined;
      const through = await dump(bridge.address);
      const direct = before ?? (await dump(database.port));
      console.log(
        `Round ${round} of ${ROUNDS}: direct ${Math.round(direct)} ms, tunnel ${Math.round(through)} ms`,
      );
      ratios.push(direct / through);
    }
    const peak = await bridge.stop();
    printFigures(`Dump of a database of 650 MB through the tunnel, median of ${ROUNDS} rounds`, [
      { name: 'speed through the tunnel / direct', value: median(ratios), unit: 'x', atLeast: 0.5 },
      { name: 'peak memory of the bridge', value: peak / 1e6, unit: 'MB', atMost: 300 },
    ]);
  } finally {
    await Promise.all(ends.map((end) => end.stop()));
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A process with one end of the tunnel. */
interface End {
  readonly address: string;
  /** Ends it, and tells the most memory it had resident, in bytes. */
  stop(): Promise<number>;
}

async function startEnd(ends: End[], role: 'gateway' | 'bridge', given: string): Promise<End> {
  const script = path.join(import.meta.dirname, 'tunnel-end.ts');
  const child: ChildProcess = spawn(process.execPath, [script, role, given], {
    env: {},
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (!child.stdin || !child.stdout) throw new Error('The process has no pipes.');
  const { stdin } = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => String((await lines.next()).value);
  let stopped: Promise<number> | undefined;
  const end: End = {
    address: await nextLine(),
    stop: () =>
      (stopped ??= (async () => {
        const exit = once(child, 'exit');
        stdin.end();
        const peak = Number(await nextLine());
        await exit;
        return peak;
      })()),
  };
  ends.push(end);
  return end;
}
