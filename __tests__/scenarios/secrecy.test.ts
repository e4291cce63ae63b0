import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ageBinary } from '../support/age-binary.ts';
import { withCertifiedServer } from '../support/certified-server.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { percentEncoded } from '../support/masking.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { faultsOf, toolsOf } from '../support/secret-audit.ts';
import { fillShop } from '../support/shop.ts';
import { type TestBed, errorsOf, expectSuccess, startTestBed } from '../support/test-bed.ts';
import { API_KEY, TRUSTS_GATEWAY, startTunnelGateway, urlWithKey } from '../support/tunnel-gateway.ts';

const execute = promisify(execFile);
const PASSPHRASE = 'correct-horse battery+staple';

let bed: TestBed;
let testServer: Database;
let shopUrl: string;
let folder: string;
let recipient: string;
let identity: string;
let token: string;
beforeAll(async () => {
  [bed, testServer] = await Promise.all([
    startTestBed({ emptyToolCache: true, hba: ['host shop postgres 127.0.0.2/32 trust'] }),
    startDatabase(),
  ]);
  shopUrl = await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop', scale: 0.5 });
  folder = await mkdtemp(path.join(tmpdir(), 'keys-'));
  const { ageKeygen } = await ageBinary();
  await execute(ageKeygen, ['-o', path.join(folder, 'key.txt')]);
  const key = await readFile(path.join(folder, 'key.txt'), 'utf8');
  recipient = /age1\w+/.exec(key)?.[0] ?? '';
  identity = /AGE-SECRET-KEY-1\w+/.exec(key)?.[0] ?? '';
  token = bed.artifacts.tokenFor({ repositories: [bed.artifacts.repository], actions: 'write' });
});
afterAll(async () => {
  await Promise.all([bed.stop(), testServer.stop()]);
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => {
  bed.artifacts.faults = {};
});

/** The forms of a connection string and its password that must not be seen: raw, decoded and encoded anew. */
const formsOf = (url: string, password: string): string[] => [url, password, percentEncoded(password)];

let runs = 0;
/** Runs an action with debug logging and looks at all that it showed. The tokens are secrets in every run. */
async function audited(
  action: 'backup' | 'restore',
  { inputs = {}, secrets = [], ...more }: RunActionOptions,
  passwords: readonly string[] = [bed.database.password],
): Promise<ActionRun> {
  runs += 1;
  const own = inputs['connection-string'] || shopUrl;
  const all = [
    ...secrets,
    ...formsOf(own, bed.database.password),
    testServer.password,
    token,
    bed.artifacts.runtimeToken,
  ];
  const run = await bed[action]({
    inputs: {
      'connection-string': shopUrl,
      'github-token': token,
      ...(action === 'backup' ? { 'backup-name': `run ${runs}` } : {}),
      ...inputs,
    },
    secrets: all,
    debug: true,
    ...more,
  });
  expect(faultsOf({ run, secrets: all, passwords })).toEqual([]);
  for (const artifact of bed.artifacts.created())
    for (const secret of all) expect(artifact.name).not.toContain(secret);
  return run;
}

async function emptyTarget(): Promise<string> {
  runs += 1;
  return bed.database.createDatabase(`target_${runs}`);
}

describe('no secret is printed by a backup', () => {
  it('without encryption, with debug logging and without', async () => {
    const run = await audited('backup', {});
    expectSuccess(run);
    expect(toolsOf(run)).toEqual(['pg_dump', 'pg_restore', 'psql']);
    expectSuccess(await audited('backup', { debug: false }));
  });

  it('that asks GitHub with the token whether the repository is public (thorough)', async () => {
    const before = bed.artifacts.requests.length;
    expectSuccess(await audited('backup', { event: {} }));
    expect(bed.artifacts.requests[before]?.hasAuthorization).toBe(true);
  });

  it('that is encrypted to a public key, or with a passphrase', async () => {
    expectSuccess(await audited('backup', { inputs: { 'age-recipients': recipient } }));
    const inputs = { 'age-passphrase': PASSPHRASE };
    expectSuccess(await audited('backup', { inputs, secrets: [PASSPHRASE] }));
  });

  it('with a test restore on another server; no tool gets the passwords of both (thorough)', async () => {
    const run = await audited(
      'backup',
      {
        inputs: { 'verify-connection-string': testServer.url },
        secrets: formsOf(testServer.url, testServer.password),
      },
      [bed.database.password, testServer.password],
    );
    expectSuccess(run);
    const { port } = testServer;
    for (const { argv, environment } of run.processes) {
      if (environment['PGPASSWORD'] === undefined) continue;
      const there = environment['PGPORT'] === String(port);
      expect([argv, environment['PGPASSWORD'] === testServer.password]).toEqual([argv, there]);
    }
  });

  it('whose connection string comes from the environment, which the tools do not get (thorough)', async () => {
    const more = { inputs: { 'connection-string': '' }, env: { DATABASE_URL: shopUrl } };
    expectSuccess(await audited('backup', { ...more, secrets: [shopUrl] }));
  });

  it('through the tunnel (thorough)', async () => {
    const open = await startDatabase({ hba: [TRUSTS_GATEWAY] });
    await open.sql('CREATE TABLE note (id int)');
    const target = { host: open.host, port: open.port };
    const gateway = await startTunnelGateway({ target, apiKey: API_KEY });
    try {
      const url = urlWithKey(API_KEY);
      const more = { env: { PPG_WS_URL: gateway.url.href }, secrets: [API_KEY, url] };
      expectSuccess(await audited('backup', { inputs: { 'connection-string': url }, ...more }, []));
      gateway.behaviour.answer = 401;
      const inputs = { 'connection-string': url, 'connection-attempts': '1' };
      expect(errorsOf(await audited('backup', { inputs, ...more }, []))).toHaveLength(1);
    } finally {
      await gateway.stop();
      await open.stop();
    }
  });

  it('with a client certificate, whose key is in a file of the work folder only (thorough)', async () => {
    await withCertifiedServer(async ({ client, inputs: tls, urlFor }) => {
      const inputs = { 'connection-string': urlFor('postgres'), ...tls };
      const secrets = client.key.split('\n').filter((line) => line.length > 8 && !line.startsWith('-----'));
      expectSuccess(await audited('backup', { inputs, secrets }, []));
    });
  });
});

describe('no secret is printed by a restore', () => {
  it('of a backup that is not encrypted', async () => {
    const made = await audited('backup', { inputs: { 'backup-name': 'plain' } });
    const backup = made.outputs['artifact-name'] ?? '';
    const run = await audited('restore', { inputs: { 'connection-string': await emptyTarget(), backup } });
    expectSuccess(run);
    expect(toolsOf(run)).toEqual(['pg_dump', 'pg_restore', 'psql']);
  });

  it('of a backup of another run, which is listed with the token (thorough)', async () => {
    await audited('backup', { inputs: { 'backup-name': 'earlier' }, runId: 7 });
    const inputs = { 'connection-string': await emptyTarget(), 'backup-name': 'earlier' };
    expectSuccess(await audited('restore', { inputs, runId: 8 }));
  });

  it.each([
    [
      'an identity',
      () => ({ 'age-recipients': recipient }),
      () => ({ 'age-identity': `# me\n${identity}\n` }),
    ],
    ['a passphrase', () => ({ 'age-passphrase': PASSPHRASE }), () => ({ 'age-passphrase': PASSPHRASE })],
  ])('of a backup that is decrypted with %s (thorough)', async (_, seal, open) => {
    const secrets = [identity, PASSPHRASE];
    const made = await audited('backup', { inputs: seal(), secrets });
    const backup = made.outputs['artifact-name'] ?? '';
    const inputs = { 'connection-string': await emptyTarget(), backup, ...open() };
    expectSuccess(await audited('restore', { inputs, secrets }));
  });
});

describe('no secret is printed by an action that fails', () => {
  const failing = async (
    action: 'backup' | 'restore',
    inputs: Record<string, string>,
    secrets: readonly string[] = [],
    more: RunActionOptions = {},
  ): Promise<void> => {
    const once = { 'connection-attempts': '1', ...inputs };
    const run = await audited(action, { inputs: once, secrets, ...more }, [
      bed.database.password,
      ...secrets,
    ]);
    expect([run.exitCode, errorsOf(run)]).toEqual([1, [expect.any(String)]]);
  };

  it.each(['backup', 'restore'] as const)('(%s) because of a wrong password', async (action) => {
    const password = 'wrong p@ss:w/rd?';
    await failing(action, { 'connection-string': bed.database.urlFor({ password }) }, [password]);
  });

  it.each([
    ['an @ in the password', 'postgres://user:first-half@second-half@host/db', ['first-half', 'second-half']],
    ['a / in the password', 'postgres://user:first-half/second-half@host/db', ['first-half', 'second-half']],
    ['a # in the password', 'postgres://u:one-half#other-half@127.0.0.1:1/db', ['one-half#other-half']],
    ['a % in the password', 'postgres://user:first-half%second-half@host/db', ['first-half', 'second-half']],
    ['quotes around it', `"postgres://user:whole-secret@host/db"`, ['whole-secret']],
    ['a name before it', `DATABASE_URL=postgres://user:whole-secret@host/db`, ['whole-secret']],
    ['another scheme', 'mysql://user:whole-secret@host/db', ['whole-secret']],
    ['an unknown parameter', 'postgres://user:whole-secret@host/db?pasword=whole-secret', ['whole-secret']],
    ['a port that is none', 'postgres://user:whole-secret@host:54x/db', ['whole-secret']],
    ['a password parameter', 'postgres://user@127.0.0.1:1/db?password=whole-secret', ['whole-secret']],
    ['words of libpq', 'host=127.0.0.1 port=1 user=u password=whole-secret', ['whole-secret']],
  ])('because of a connection string with %s (thorough)', async (_, url, parts) => {
    await failing('backup', { 'connection-string': url }, parts);
    await failing('backup', { 'verify-connection-string': url }, parts);
    await failing('restore', { 'connection-string': url }, parts);
  });

  it.each([
    ['a broken key', { 'age-identity': 'AGE-SECRET-KEY-1BROKENBROKENBROKEN' }],
    ['a key where the passphrase belongs', { 'age-passphrase': ' AGE-SECRET-KEY-1BROKENBROKENBROKEN' }],
  ])('because of %s (thorough)', async (_, inputs) => {
    await failing('restore', inputs, ['AGE-SECRET-KEY-1BROKENBROKENBROKEN']);
  });

  it('because of a secret key instead of the public one (thorough)', async () => {
    await failing('backup', { 'age-recipients': identity }, [identity]);
  });

  it.each([
    ['createArtifact', 403],
    ['finalizeArtifact', 403],
    ['blobPut', 403],
  ] as const)('because the service refuses: %s (thorough)', async (point, answer) => {
    bed.artifacts.faults = { [point]: { answer } };
    await failing('backup', {});
  });

  it('because the download is damaged, or refused (thorough)', async () => {
    await audited('backup', { inputs: { 'backup-name': 'damaged' } });
    const inputs = { 'connection-string': await emptyTarget(), 'backup-name': 'damaged' };
    bed.artifacts.faults = { blobGet: { answer: 'corrupt' } };
    await failing('restore', inputs);
    bed.artifacts.faults = { rest: { answer: 403 } };
    await failing('restore', inputs, [], { runId: 2 });
  });
});
