import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withCertifiedServer } from '../support/certified-server.ts';
import { selfSignedCertificate } from '../support/database-certificate.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { startPgbouncer } from '../support/pgbouncer.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { type ShopRows, countRows, fillShop } from '../support/shop.ts';
import {
  type TestBed,
  expectFailedRestore,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';
import {
  API_KEY,
  TRUSTS_GATEWAY,
  type TunnelGateway,
  apiKeyWith,
  base64url,
  startTunnelGateway,
  urlWithKey,
} from '../support/tunnel-gateway.ts';

let bed: TestBed;
let shop: ShopRows;
let folder: string;
let backup: string;
let targets = 0;
beforeAll(async () => {
  bed = await startTestBed();
  const url = await bed.database.createDatabase('shop');
  shop = await fillShop(bed.database, { database: 'shop', scale: 0.1 });
  folder = await mkdtemp(path.join(tmpdir(), 'connections-'));
  const made = await bed.backup({
    inputs: { 'connection-string': url, storage: `${folder}/` },
  });
  expectSuccess(made);
  backup = made.outputs['backup-path'] ?? '';
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

const restore = (
  connection: string,
  inputs: Record<string, string> = {},
  options: RunActionOptions = {},
): Promise<ActionRun> =>
  bed.restore({
    ...options,
    inputs: { 'connection-string': connection, 'connection-attempts': '1', path: backup, ...inputs },
  });

/** An empty database, of the bed's server if no other is named. */
async function target(server: Database = bed.database): Promise<string> {
  targets += 1;
  const name = `target_${targets}`;
  await server.createDatabase(name);
  return name;
}

async function expectRestored(run: ActionRun, database: string, server = bed.database): Promise<void> {
  expectSuccess(run);
  expect(run.outputs).toMatchObject({ database, verified: 'true' });
  expect(await countRows(server, database)).toEqual(shop);
  expect(await server.sessions()).toEqual([]);
}

async function expectEmpty(database: string, server: Database = bed.database): Promise<void> {
  const schemas = `SELECT nspname FROM pg_namespace WHERE nspname = 'shop'`;
  expect(await server.query(schemas, { database })).toEqual([]);
}

describe('a restore with a connection string (thorough)', () => {
  it('from Prisma, with parameters that libpq does not know', async () => {
    const database = await target();
    const params = { schema: 'public', connection_limit: '5', sslaccept: 'accept_invalid_certs' };
    const run = await restore(bed.database.urlFor({ database, params }));
    await expectRestored(run, database);
    expect(run.log).toContain('schema=public was ignored');
  });

  it('through a Unix socket', async () => {
    const database = await target();
    const { user, password, port, socketFolder } = bed.database;
    const parts = [user, password, socketFolder].map(encodeURIComponent);
    const [name = '', secret = '', host = ''] = parts;
    await expectRestored(await restore(`postgres://${name}:${secret}@${host}:${port}/${database}`), database);
  });

  it('that names several hosts, the first of which does not answer', async () => {
    const database = await target();
    const { host, port } = bed.database;
    const url = bed.database.urlFor({ database }).replace(`@${host}:${port}`, `@${host}:1,${host}:${port}`);
    await expectRestored(await restore(url), database);
  });

  it('that names a connection service', async () => {
    const database = await target();
    const { host, port, user, password } = bed.database;
    const file = path.join(folder, 'services');
    await writeFile(
      file,
      ['[preview]', `host=${host}`, `port=${port}`, `user=${user}`, `password=${password}`].join('\n'),
    );
    const env = { PGSERVICEFILE: file };
    await expectRestored(await restore(`postgresql:///${database}?service=preview`, {}, { env }), database);
  });

  it('from DATABASE_URL of the environment', async () => {
    const database = await target();
    const run = await restore('', {}, { env: { DATABASE_URL: bed.database.urlFor({ database }) } });
    await expectRestored(run, database);
    expect(run.log).toContain('Connection string from DATABASE_URL in the environment');
    expect(run.masks).toContain(bed.database.password);
  });

  it('from DATABASE_URL of the .env file', async () => {
    const database = await target();
    const workspace = path.join(folder, 'workspace');
    await mkdir(workspace);
    await writeFile(
      path.join(workspace, '.env'),
      `# the preview\nDATABASE_URL="${bed.database.urlFor({ database })}"\n`,
    );
    const run = await restore('', {}, { workspace });
    await expectRestored(run, database);
    expect(run.log).toContain('.env file of the workspace');
  });

  it('for a database whose name looks like a connection string', async () => {
    const database = 'host=evil dbname=x';
    await bed.database.createDatabase(database);
    await expectRestored(await restore(bed.database.urlFor({ database })), database);
  });

  it('that is used for several connections', async () => {
    const database = await target();
    const { host, port } = bed.database;
    const url = bed.database.urlFor({ database }).replace(`@${host}:${port}`, `@${host}:1,${host}:${port}`);
    await expectRestored(await restore(url, { jobs: '3' }), database);
  });
});

describe('a transaction pooler (thorough)', () => {
  it('is refused, because of its URL or its answers: a restore needs a session', async () => {
    const database = await target();
    const secrets = ['whatever-secret'];
    expectFailedRestore(
      await restore('postgres://u:whatever-secret@h:6432/d', {}, { secrets }),
      /port 6432 is PgBouncer's default\), and a restore needs a session of its own/,
    );
    const pooler = await startPgbouncer(bed.database);
    try {
      const url = `postgres://anybody:whatever-secret@${pooler.host}:${pooler.port}/${database}`;
      const run = await restore(url, {}, { secrets });
      expectFailedRestore(run, /transaction pooler \(it refuses options/);
      expect(run.annotations.map(({ message }) => message).join()).not.toContain('allow-pooler');
      await expectEmpty(database);
    } finally {
      await pooler.stop();
    }
  });
});

describe('TLS', () => {
  it('with a private CA is verified for every tool, also while the restore is verified', async () => {
    const tls = await startDatabase({ ssl: 'required' });
    try {
      const database = await target(tls);
      const url = tls.urlFor({ database });
      const secrets = [tls.password];
      const other = selfSignedCertificate({ names: ['localhost'], addresses: [tls.host] });
      expectFailedRestore(
        await restore(url, { 'ssl-root-cert': other.certificate }, { secrets }),
        /certificate/,
      );
      await expectEmpty(database, tls);
      const run = await restore(url, { 'ssl-root-cert': tls.certificate ?? '' }, { secrets });
      await expectRestored(run, database, tls);
    } finally {
      await tls.stop();
    }
  });

  it('with a client certificate instead of a password is used by every tool (thorough)', async () => {
    await withCertifiedServer(async ({ database: server, client, inputs, urlFor }) => {
      const database = await target(server);
      const run = await restore(urlFor(database), inputs, { secrets: [client.key] });
      await expectRestored(run, database, server);
    });
  });
});

describe("Prisma's tunnel", () => {
  /** A restore through a gateway into the database `postgres` of a server of its own, where nobody has a password. */
  const throughTunnel = async (
    version: '16' | '17',
    work: (parts: {
      server: Database;
      gateway: TunnelGateway;
      restore: (inputs?: Record<string, string>, onLine?: (line: string) => void) => Promise<ActionRun>;
    }) => Promise<void>,
  ): Promise<void> => {
    const server = await startDatabase({ hba: [TRUSTS_GATEWAY], version });
    const gateway = await startTunnelGateway({
      target: { host: server.host, port: server.port },
      apiKey: API_KEY,
    });
    const url = urlWithKey(API_KEY);
    const options = { env: { PPG_WS_URL: gateway.url.href }, secrets: [API_KEY, server.password] };
    try {
      await work({
        server,
        gateway,
        restore: (inputs, onLine) => restore(url, inputs, { ...options, ...(onLine ? { onLine } : {}) }),
      });
    } finally {
      await gateway.stop();
      await server.stop();
    }
  };

  it('transports a restore and its verification', async () => {
    await throughTunnel('17', async ({ server, gateway, restore: run }) => {
      const done = await run();
      await expectRestored(done, 'postgres', server);
      expect(remarksOf(done)).toEqual([expect.stringMatching(/2026-12-01/)]);
      expect(gateway.open).toBe(0);
    });
  });

  it('transports a restore over several connections (thorough)', async () => {
    await throughTunnel('17', async ({ server, gateway, restore: run }) => {
      await expectRestored(await run({ jobs: '3' }), 'postgres', server);
      expect(gateway.open).toBe(0);
    });
  });

  it('transports what psql sends to an older server (thorough)', async () => {
    await throughTunnel('16', async ({ server, gateway, restore: run }) => {
      await expectRestored(await run(), 'postgres', server);
      expect(gateway.open).toBe(0);
    });
  });

  it('transports a restore that replaces existing objects (thorough)', async () => {
    await throughTunnel('17', async ({ server, restore: run }) => {
      expectSuccess(await run());
      await server.query('DELETE FROM shop.order_lines');
      const done = await run({ clean: 'true', 'confirm-database': 'postgres' });
      await expectRestored(done, 'postgres', server);
    });
  });

  it.each([
    // The answers to the restore itself are the shortest; the first long one is the examination of the target.
    ['before the restore', 5_000, 'The target was not touched', false],
    ['in the middle of the verification', 100_000, 'it is not verified', true],
  ])(
    'that drops the connection %s is told so, and what that means (thorough)',
    async (_, bytes, words, isFull) => {
      await throughTunnel('17', async ({ server, gateway, restore: run }) => {
        gateway.behaviour.dropAfterBytes = bytes;
        const done = await run();
        expectFailedRestore(done, /closed the connection to the database/);
        expect(done.summary).toContain(words);
        if (isFull) expect(await countRows(server, 'postgres')).toEqual(shop);
        else await expectEmpty('postgres', server);
        expect(await server.sessions()).toEqual([]);
      });
    },
  );

  it('that drops the connection in the middle of a restore leaves the target unchanged (thorough)', async () => {
    await throughTunnel('17', async ({ server, gateway, restore: run }) => {
      const onLine = (line: string): void => {
        // Preflight and plan have succeeded; the verification is never reached.
        if (line.startsWith('Will create')) gateway.behaviour.dropAfterBytes = 1_500;
      };
      const done = await run({}, onLine);
      expectFailedRestore(done, /closed the connection/);
      expect(done.summary).toContain('The target is as it was before');
      await expectEmpty('postgres', server);
    });
  });

  it('is not needed where the key has the address of the database (thorough)', async () => {
    const database = await target();
    const apiKey = base64url({ databaseUrl: bed.database.urlFor({ database }) });
    const url = `prisma+postgres://localhost:51213/?api_key=${apiKey}`;
    const run = await restore(url, {}, { secrets: [apiKey] });
    await expectRestored(run, database);
    expect(remarksOf(run)).toEqual([expect.stringContaining('prisma dev')]);
  });

  it('is not used where the key has credentials for the direct address (thorough)', async () => {
    const apiKey = apiKeyWith({ tenant_id: 'tenant', secure_key: 'sk_secret_of_the_key' });
    const url = urlWithKey(apiKey);
    // The address is Prisma's own, which cannot be reached from a test: the failure names it.
    const run = await restore(url, {}, { secrets: [apiKey, 'sk_secret_of_the_key'] });
    expectFailedRestore(run, /The database cannot be reached/);
    expect(run.summary).toContain('The target was not touched');
    expect(run.masks).toContain('sk_secret_of_the_key');
  });
});
