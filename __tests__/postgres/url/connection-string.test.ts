import { describe, expect, it } from '@jest/globals';
import { resolveConnection } from '../../../src/postgres/url/connection-string.ts';

const understand = (url: string, { allowPooler = false, runner = 'github-hosted' } = {}) =>
  resolveConnection('connection-string', url, { env: { RUNNER_ENVIRONMENT: runner }, allowPooler });
const noticesOf = async (url: string) =>
  (await understand(url)).notices.filter(({ level }) => level === 'notice').map(({ text }) => text);

describe('parameters of other drivers', () => {
  it.each([
    'connection_limit=5',
    'pool_timeout=10',
    'socket_timeout=3',
    'statement_cache_size=0',
    'single_use_connections=true',
    'max_idle_connection_lifetime=1',
    'max_connection_lifetime=1',
    'pool=true',
    'uselibpqcompat=true',
    'supa=base-pooler.x',
    'workaround=supabase-pooler.vercel',
  ])('are ignored, with a line in the debug log: %s', async (parameter) => {
    const { parameters, notices } = await understand(`postgres://u:p@h/d?${parameter}`);
    expect(parameters).toEqual({ user: 'u', password: 'p', host: 'h', dbname: 'd' });
    expect(notices).toEqual([
      { level: 'debug', text: expect.stringContaining(parameter.split('=')[0] ?? '') },
    ]);
  });

  it('cause a notice about the schemas input if they name a schema', async () => {
    const { parameters, notices } = await understand('postgres://u:p@h/d?schema=public');
    expect(parameters).not.toHaveProperty('schema');
    expect(notices).toEqual([{ level: 'info', text: expect.stringMatching(/schema=public.*schemas input/) }]);
  });

  it.each([
    ['sslaccept=strict', { sslmode: 'verify-full' }],
    ['sslaccept=accept_invalid_certs', {}],
    ['sslmode=no-verify', { sslmode: 'require' }],
    ['ssl=true', { sslmode: 'require' }],
    ['ssl=1', { sslmode: 'require' }],
    ['ssl=no-verify', { sslmode: 'require' }],
    ['ssl=false', {}],
    ['ssl=verify-full', { sslmode: 'verify-full' }],
    ['sslcert=server-ca.pem', { sslrootcert: 'server-ca.pem' }],
    ['sslcert=c.pem&sslkey=k.pem', { sslcert: 'c.pem', sslkey: 'k.pem' }],
    ['sslaccept=strict&sslmode=require', { sslmode: 'require' }],
  ])('are translated for libpq if they are about TLS: %s', async (query, expected) => {
    const { parameters } = await understand(`postgres://h/d?${query}`);
    expect(parameters).toEqual({ host: 'h', dbname: 'd', ...expected });
  });

  it.each(['sslidentity=client.p12', 'ssl=maybe', 'prepareThreshold=0', 'sslMode=require'])(
    'are refused if they cannot be translated: %s',
    async (query) => {
      await expect(understand(`postgres://u:SECRET@h/d?${query}`)).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringContaining(query.split('=')[0] ?? ''),
      });
    },
  );
});

describe('the rules of providers', () => {
  it.each([
    [
      'postgres://u:p@db.prisma.io:5432/',
      { host: 'db.prisma.io', dbname: 'postgres', sslmode: 'require', gssencmode: 'disable' },
    ],
    ['postgres://u:p@db.prisma.io/app?sslmode=disable', { dbname: 'app', sslmode: 'require' }],
    ['postgres://u:p@db.prisma.io/app?sslmode=verify-full', { sslmode: 'verify-full' }],
    [
      'postgres://u:p@pooled.db.prisma.io:5432/?sslmode=require',
      { host: 'db.prisma.io', dbname: 'postgres' },
    ],
    [
      'postgres://u:p@ep-cool-dew-1-pooler.eu-central-1.aws.neon.tech/d',
      { host: 'ep-cool-dew-1.eu-central-1.aws.neon.tech' },
    ],
    [
      'postgres://u:p@ep-x-pooler.c-2.eu-central-1.aws.neon.tech/d?pgbouncer=true',
      { host: 'ep-x.c-2.eu-central-1.aws.neon.tech' },
    ],
    [
      'postgres://u.ref:p@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true',
      { port: '5432' },
    ],
    ['postgres://u:p@db.abcdefgh.supabase.co:6543/postgres', { port: '5432' }],
    ['postgres://u:p@a,pooled.db.prisma.io,b/d', { host: 'a,db.prisma.io,b' }],
  ])('change %s into its direct form', async (url, expected) => {
    expect((await understand(url)).parameters).toMatchObject(expected);
  });

  it.each([
    ['postgres://u:p@pooled.db.prisma.io/', /direct host db\.prisma\.io/],
    ['postgres://u:p@ep-x-pooler.aws.neon.tech/d', /without -pooler/],
    ['postgres://u:p@aws-0.pooler.supabase.com:6543/d', /port 5432 is used/],
  ])('report what they changed: %s', async (url, notice) => {
    expect(await noticesOf(url)).toEqual([expect.stringMatching(notice)]);
  });

  it.each([
    'postgres://u:p@db.prisma.io/',
    'postgres://u:p@ep-x.aws.neon.tech/d',
    'postgres://u:p@aws-0.pooler.supabase.com:5432/d',
    'postgres://u:p@h/d',
  ])('keep a direct address, without a notice: %s', async (url) => {
    expect(await noticesOf(url)).toEqual([]);
  });

  it.each([
    ['postgres://u:SECRET@h:6432/d', "port 6432 is PgBouncer's"],
    ['postgres://u:SECRET@pgbouncer.example.com/d', 'called pgbouncer'],
    ['postgres://u:SECRET@h/d?pgbouncer=true', 'pgbouncer=true'],
  ])('refuse a transaction pooler unless it is allowed: %s', async (url, reason) => {
    await expect(understand(url)).rejects.toMatchObject({
      message: expect.stringContaining(reason),
      hint: expect.stringContaining('allow-pooler: true'),
    });
    expect((await understand(url, { allowPooler: true })).pooler).toContain(reason);
  });

  it.each(['a.railway.internal', 'app.flycast', 'ip-10-0-0-1.ec2.internal', 'x.flympg.net'])(
    'refuse the private host %s on hosted runners, and only there',
    async (host) => {
      await expect(understand(`postgres://u:SECRET@${host}/d`)).rejects.toMatchObject({
        message: expect.stringContaining('private network'),
      });
      expect((await understand(`postgres://u:p@${host}/d`, { runner: 'self-hosted' })).parameters.host).toBe(
        host,
      );
    },
  );

  it('do not take host.docker.internal for a private network', async () => {
    expect((await understand('postgres://u:p@host.docker.internal/d')).parameters.host).toBe(
      'host.docker.internal',
    );
  });

  it('refuse an internal host of Render on hosted runners, and only there', async () => {
    const host = 'dpg-abc123def-a';
    await expect(understand(`postgres://u:SECRET@${host}/d`)).rejects.toThrow(
      /internal database URL of Render/,
    );
    expect((await understand(`postgres://u:p@${host}/d`, { runner: 'self-hosted' })).parameters.host).toBe(
      host,
    );
  });

  it.each([
    ['postgres://u:p@x.abc.eu-central-1.rds.amazonaws.com/d', 'timeout expired', 'publicly accessible'],
    ['postgres://u:p@/d?host=/cloudsql/p:r:i', 'No such file or directory', 'Cloud SQL Auth Proxy'],
  ])('say what is usually missing for %s', async (url, failure, hint) => {
    const { failureHints } = await understand(url);
    expect(failureHints.filter(({ when }) => when.test(failure)).map(({ text }) => text)).toEqual([
      expect.stringContaining(hint),
    ]);
  });

  it('refuse CockroachDB by its host', async () => {
    await expect(understand('postgres://u:p@free.cockroachlabs.cloud:26257/d')).rejects.toMatchObject({
      message: expect.stringContaining('CockroachDB'),
    });
  });

  it('have hints for failures of a provider', async () => {
    const { failureHints } = await understand('postgres://u:p@db.abcdefgh.supabase.co/postgres');
    expect(
      failureHints.filter(({ when }) => when.test('failed: Network is unreachable')).map(({ text }) => text),
    ).toEqual([expect.stringContaining('session pooler')]);
    expect(failureHints.filter(({ when }) => when.test('password authentication failed'))).toEqual([]);
  });
});
