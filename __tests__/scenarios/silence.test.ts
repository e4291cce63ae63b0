import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { whileSession } from '../support/failure-bench.ts';
import { fastClock } from '../support/fast-clock.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { fillShop } from '../support/shop.ts';
import { type TcpProxy, startTcpProxy } from '../support/tcp-proxy.ts';
import {
  type TestBed,
  expectFailedRestore,
  expectFailure,
  expectSuccess,
  startTestBed,
} from '../support/test-bed.ts';
import {
  API_KEY,
  TRUSTS_GATEWAY,
  type TunnelGateway,
  startTunnelGateway,
  urlWithKey,
} from '../support/tunnel-gateway.ts';

let bed: TestBed;
let gateway: TunnelGateway;
/** Before the gateway of the tunnel. */
let gatewayProxy: TcpProxy;
/** Before the server. */
let proxy: TcpProxy;
beforeAll(async () => {
  bed = await startTestBed({ hba: [TRUSTS_GATEWAY] });
  await fillShop(bed.database);
  await bed.backup({ inputs: { storage: './warm-up/' } });
  const { host, url } = bed.database;
  const target = { host, port: Number(new URL(url).port) };
  gateway = await startTunnelGateway({ target, apiKey: API_KEY });
  gatewayProxy = await startTcpProxy({ host, port: Number(gateway.url.port) });
  proxy = await startTcpProxy(target);
});
afterEach(() => Promise.all([gatewayProxy.set({ kind: 'clear' }), proxy.set({ kind: 'clear' })]));
afterAll(async () => {
  await Promise.all([gatewayProxy.stop(), proxy.stop()]);
  await gateway.stop();
  await bed.stop();
});

const noSessions = async (): Promise<void> => {
  for (let attempt = 0; attempt < 100 && (await bed.database.sessions()).length > 0; attempt++)
    await pause(100);
  expect(await bed.database.sessions()).toEqual([]);
};

const TABLES = `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`;

/** A backup whose restore takes ten seconds: it fills a view with what a slow function says. */
async function slowBackup(): Promise<string> {
  slow ??= (async () => {
    const url = await bed.database.createDatabase('slow');
    await bed.database.sql(
      `CREATE FUNCTION slow() RETURNS int LANGUAGE plpgsql AS $$
       BEGIN IF current_database() <> 'slow' THEN PERFORM pg_catalog.pg_sleep(10); END IF; RETURN 1; END $$;
       CREATE MATERIALIZED VIEW slow_view AS SELECT slow();`,
      'slow',
    );
    const run = await bed.backup({ inputs: { 'connection-string': url, 'backup-name': 'slow' } });
    expectSuccess(run);
    return run.outputs['artifact-name'] ?? '';
  })();
  return slow;
}
let slow: Promise<string> | undefined;

/** When a session of a restore is in the slow function. */
async function sleeping(): Promise<void> {
  const sleeps = `SELECT FROM pg_stat_activity WHERE application_name ~ ' restore ' AND wait_event = 'PgSleep'`;
  while ((await bed.database.query(sleeps)).length === 0) await pause(100);
}

describe("Prisma's tunnel (thorough)", () => {
  it('that stops responding, with its connections open, makes the backup fail with a clear error', async () => {
    await gatewayProxy.set({ kind: 'silence', afterBytes: 200_000 });
    const run = await bed.backup({
      inputs: {
        'connection-string': urlWithKey(API_KEY),
        'connection-attempts': '1',
      },
      env: { ...fastClock(), PPG_WS_URL: gatewayProxy.through(gateway.url.href) },
      secrets: [API_KEY],
    });
    expectFailure(run, /The connection of pg_dump is dead/, bed.artifacts);
    expect(run.log).toMatch(/pg_dump has received no data for 20 s: /);
    await gatewayProxy.set({ kind: 'clear' });
    await noSessions();
  });
});

describe('a server that works and sends nothing (thorough)', () => {
  /**
   * A dump that waits for a lock until the server has been asked for the fourth time: three bad answers would have been
   * the end.
   */
  async function lockedDump(url: string, options: RunActionOptions = {}): Promise<ActionRun> {
    // pg_dump, whose connection comes after those of the preflight and the snapshot, is held up until the lock is there.
    await proxy.set({ kind: 'hold', times: 1, spare: 2 });
    const held = proxy.struck();
    const asked = Promise.withResolvers<undefined>();
    const running = bed.backup({
      ...options,
      env: fastClock(),
      inputs: {
        'connection-string': proxy.through(url),
        'connection-attempts': '1',
        ...options.inputs,
      },
      onLine: (line) => {
        if (line.startsWith('pg_dump has received no data for 1 min 20 s')) asked.resolve(undefined);
      },
    });
    await held;
    await whileSession(bed.database, 'BEGIN; LOCK TABLE shop.orders', async () => {
      await proxy.set({ kind: 'clear' });
      await Promise.race([asked.promise, running]);
    });
    return running;
  }

  it('is waited for during a dump that waits for a lock', async () => {
    const run = await lockedDump(bed.database.url);
    expectSuccess(run);
    expect(run.log).toContain(
      'pg_dump has received no data for 20 s: the server is working (Lock: relation)',
    );
  });

  it('is waited for during a dump whose role has no connection left to ask the server', async () => {
    const clerk = await bed.database.createRole('clerk', { attributes: 'CONNECTION LIMIT 1' });
    await bed.database.query('GRANT pg_read_all_data TO clerk');
    const run = await lockedDump(bed.database.urlFor(clerk), {
      inputs: { 'pg-dump-args': '--no-large-objects' },
      secrets: [clerk.password],
    });
    expectSuccess(run);
    for (const silence of ['20 s', '40 s', '1 min 20 s'])
      expect(run.log).toContain(
        `pg_dump has received no data for ${silence}: the state of its session is unknown`,
      );
  });

  it('is waited for during a restore that calls a slow function', async () => {
    const run = await bed.restore({
      env: fastClock(),
      inputs: {
        'connection-string': await bed.database.createDatabase('slow_target'),
        backup: await slowBackup(),
      },
    });
    expectSuccess(run);
    expect(run.log).toContain(
      'the restore has received no data for 20 s: the server is working (Timeout: PgSleep)',
    );
  });
});

describe('a restore whose connection stops responding (thorough)', () => {
  it('fails with an error that says what is known about the target, and leaves it unchanged', async () => {
    const target = await bed.database.createDatabase('silent_target');
    const running = bed.restore({
      env: fastClock(),
      inputs: {
        'connection-string': proxy.through(target),
        'connection-attempts': '1',
        backup: await slowBackup(),
      },
    });
    await sleeping();
    await proxy.set({ kind: 'silence' });
    const run = await running;
    expectFailedRestore(
      run,
      /connection of the restore is dead.* It is unknown whether it was committed.* is unchanged/,
    );
    await proxy.set({ kind: 'clear' });
    await noSessions();
    expect(await bed.database.query(TABLES, { database: 'silent_target' })).toEqual([]);
  });
});
