import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withCertifiedServer } from '../support/certified-server.ts';
import { selfSignedCertificate } from '../support/database-certificate.ts';
import { startDatabase } from '../support/database.ts';
import { startPgbouncer } from '../support/pgbouncer.ts';
import { fillShop } from '../support/shop.ts';
import { type TestBed, expectFailure, expectSuccess, remarksOf, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await startTestBed();
  await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop', scale: 0.1 });
});
afterAll(() => bed.stop());

const backup = (
  url: string,
  inputs: Record<string, string> = {},
  more: Parameters<TestBed['backup']>[0] = {},
) =>
  bed.backup({
    inputs: { 'connection-string': url, 'backup-name': `b${bed.artifacts.artifacts().length}`, ...inputs },
    ...more,
  });

describe('a transaction pooler', () => {
  it('whose URL does not reveal it is detected when a real PgBouncer refuses options, unless it is allowed', async () => {
    const pooler = await startPgbouncer(bed.database);
    try {
      const url = `postgres://anybody:whatever-secret@${pooler.host}:${pooler.port}/shop`;
      const before = bed.artifacts.artifacts().length;
      const run = await backup(url, {}, { secrets: ['whatever-secret'] });
      expectFailure(
        run,
        /transaction pooler \(it refuses options[\s\S]*allow-pooler: true/,
        bed.artifacts,
        before,
      );
      expectSuccess(await backup(url, { 'allow-pooler': 'true' }, { secrets: ['whatever-secret'] }));
    } finally {
      await pooler.stop();
    }
  });

  it('is detected by its URL before any connection (thorough)', async () => {
    const before = bed.artifacts.artifacts().length;
    const run = await backup('postgres://u:whatever-secret@h:6432/d', {}, { secrets: ['whatever-secret'] });
    expectFailure(run, /port 6432 is PgBouncer's/, bed.artifacts, before);
  });
});

describe('a backup with a connection string', () => {
  it('from Prisma, with parameters that libpq does not know', async () => {
    const url = bed.database.urlFor({
      database: 'shop',
      params: { schema: 'public', connection_limit: '5', sslaccept: 'accept_invalid_certs' },
    });
    const run = await backup(url);
    expectSuccess(run);
    expect(run.log).toContain('schema=public was ignored');
    expect(Number(run.outputs['tables'])).toBeGreaterThan(5);
  });

  it('that is pasted as a psql command, with a notice (thorough)', async () => {
    const run = await backup(`psql '${bed.database.urlFor({ database: 'shop' })}'\n`);
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([
      expect.stringMatching(/^connection-string: .* ignored: white space, the command, quotation marks\./),
    ]);
  });

  it('that names a connection service (thorough)', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'service-'));
    try {
      const { host, port, user, password } = bed.database;
      const lines = [
        '[nightly]',
        `host=${host}`,
        `port=${port}`,
        `user=${user}`,
        `password=${password}`,
        'dbname=postgres',
      ];
      await writeFile(path.join(folder, 'services'), lines.join('\n'));
      const run = await backup(
        'postgresql:///shop?service=nightly',
        {},
        { env: { PGSERVICEFILE: path.join(folder, 'services') } },
      );
      expectSuccess(run);
      expect(run.outputs['database']).toBe('shop');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('for a database whose name looks like a connection string (thorough)', async () => {
    await bed.database.createDatabase('host=evil dbname=x');
    const run = await backup(bed.database.urlFor({ database: 'host=evil dbname=x' }));
    expectSuccess(run);
    expect(run.outputs['database']).toBe('host=evil dbname=x');
  });

  it('with a private host is refused on a hosted runner (thorough)', async () => {
    const before = bed.artifacts.artifacts().length;
    const run = await backup(
      'postgres://u:whatever-secret@db.railway.internal/d',
      {},
      { secrets: ['whatever-secret'] },
    );
    expectFailure(run, /private network/, bed.artifacts, before);
  });
});

describe('a private certificate authority', () => {
  it('is used for verification with ssl-root-cert, as PEM text from a secret, and another CA is refused', async () => {
    const tls = await startDatabase({ ssl: 'required' });
    const other = await startDatabase({ ssl: true });
    try {
      const run = await backup(
        tls.url,
        { 'ssl-root-cert': tls.certificate ?? '' },
        { secrets: [tls.password] },
      );
      expectSuccess(run);
      // As it looks where a secret was stored on one line.
      const escaped = (tls.certificate ?? '').trim().replaceAll('\n', '\\n');
      expectSuccess(await backup(tls.url, { 'ssl-root-cert': escaped }, { secrets: [tls.password] }));
      const before = bed.artifacts.artifacts().length;
      const wrong = await backup(
        tls.url,
        { 'ssl-root-cert': other.certificate ?? '' },
        { secrets: [tls.password] },
      );
      expectFailure(wrong, /certificate/, bed.artifacts, before);
      const named = await backup(
        `${tls.url}?sslrootcert=x`,
        { 'ssl-root-cert': tls.certificate ?? '' },
        { secrets: [tls.password] },
      );
      expectFailure(
        named,
        /ssl-root-cert is set, and so is sslrootcert in the connection string/,
        bed.artifacts,
        before,
      );
      expect(remarksOf(run)).toEqual([]);
    } finally {
      await Promise.all([tls.stop(), other.stop()]);
    }
  });

  it('lets the backup log in with a client certificate and its key, without a password', async () => {
    const stranger = selfSignedCertificate({ names: ['certified'] });
    await withCertifiedServer(async ({ client, inputs, urlFor }) => {
      const url = urlFor('postgres');
      expectSuccess(await backup(url, inputs, { secrets: [client.key] }));
      const before = bed.artifacts.artifacts().length;
      const wrong = { ...inputs, 'ssl-cert': stranger.certificate, 'ssl-key': stranger.key };
      expectFailure(
        await backup(url, wrong, { secrets: [stranger.key] }),
        /certificate/,
        bed.artifacts,
        before,
      );
    });
  });

  it('needs both the client certificate and its key (thorough)', async () => {
    const before = bed.artifacts.artifacts().length;
    const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
    expectFailure(
      await backup(bed.database.url, { 'ssl-cert': pem }),
      /ssl-cert and ssl-key must be set together/,
      bed.artifacts,
      before,
    );
  });
});
