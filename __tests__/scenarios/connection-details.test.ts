import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { selfSignedCertificate } from '../support/database-certificate.ts';
import { startDatabase } from '../support/database.ts';
import { untilRow, whileSession } from '../support/failure-bench.ts';
import type { RunActionOptions } from '../support/runner.ts';
import type { StepHandle } from '../support/runner-step.ts';
import { watchWorkFolder } from '../support/secret-audit.ts';
import {
  type TestBed,
  errorsOf,
  expectFailure,
  expectNothingLeft,
  expectSuccess,
  startTestBed,
} from '../support/test-bed.ts';

let bed: TestBed;
let folder: string;
beforeAll(async () => {
  bed = await startTestBed();
  folder = await mkdtemp(path.join(tmpdir(), 'details-'));
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true });
});

const backup = (inputs: Record<string, string> = {}, more: RunActionOptions = {}) =>
  bed.backup({ inputs: { 'backup-name': `b${bed.artifacts.artifacts().length}`, ...inputs }, ...more });
const WRONG = 'postgres://nobody:a-secret-elsewhere@127.0.0.1:1/elsewhere';

describe('a password that is not percent-encoded (thorough)', () => {
  let roles = 0;
  it.each(['one#half', 'one?half', 'one:half', 'one&=half', 'one half'])(
    'works where libpq takes it: %s',
    async (password) => {
      roles += 1;
      const name = `role ${roles}`;
      await bed.database.createRole(name, { password, attributes: 'IN ROLE pg_read_all_data' });
      const address = `${bed.database.host}:${bed.database.port}/postgres`;
      const url = `postgres://${encodeURIComponent(name)}:${password}@${address}`;
      expectSuccess(await backup({ 'connection-string': url }, { secrets: [password] }));
    },
  );
});

describe('a password in an unexpected place of the connection string', () => {
  it('is refused without showing any of it: cut by an @, with a rest that looks like a parameter (thorough)', async () => {
    const before = bed.artifacts.artifacts().length;
    const run = await backup(
      {
        'connection-string': 'postgres://user:first-part@second-part?sslmode=third-part@127.0.0.1/db',
        'connection-attempts': '1',
      },
      { secrets: ['first-part', 'second-part', 'third-part'] },
    );
    expectFailure(run, /Percent-encode the password/, bed.artifacts, before);
  });

  it('is masked as it is and decoded: in a parameter of the URL', async () => {
    const password = 'in a p@rameter';
    await bed.database.createRole('by_parameter', { password, attributes: 'IN ROLE pg_read_all_data' });
    const { host, port } = bed.database;
    const encoded = encodeURIComponent(password);
    const url = `postgres://${host}:${port}/postgres?user=by_parameter&password=${encoded}`;
    const run = await backup({ 'connection-string': url }, { secrets: [password] });
    expectSuccess(run);
    expect(run.masks).toEqual(expect.arrayContaining([password, encoded]));
  });
});

describe('the sources of a connection string', () => {
  it('are used in this order: the input, the environment, the .env file', async () => {
    const workspace = path.join(folder, 'order');
    await mkdir(workspace);
    await writeFile(path.join(workspace, '.env'), `DATABASE_URL=${WRONG}\n`);
    const secrets = ['a-secret-elsewhere'];
    const byInput = await backup({}, { env: { DATABASE_URL: WRONG }, workspace, secrets });
    const byVariable = await backup(
      { 'connection-string': '' },
      { env: { DATABASE_URL: bed.database.url }, workspace, secrets },
    );
    for (const run of [byInput, byVariable]) expectSuccess(run);
    expect(byInput.log).toContain('Connection string from the connection-string input');
    expect(byVariable.log).toContain('Connection string from DATABASE_URL in the environment');
  });

  it('do not include PG* variables that an image or a step sets (thorough)', async () => {
    const preset = {
      PGHOST: 'preset.invalid',
      PGHOSTADDR: '192.0.2.1',
      PGPORT: '1',
      PGUSER: 'preset',
      PGPASSWORD: 'preset-password',
      PGDATABASE: 'preset',
      PGSSLMODE: 'verify-full',
      PGSERVICE: 'preset',
      PGOPTIONS: '-c work_mem=none',
      PGBIN: '/preset',
      PGDATA: '/preset',
    };
    const run = await backup({}, { env: preset });
    expectSuccess(run);
    const environments = run.processes.map(({ environment }) => JSON.stringify(environment));
    expect(run.processes.some(({ argv }) => argv.join(' ').includes('pg_dump'))).toBe(true);
    expect(environments.filter((text) => /preset|192\.0\.2\.1|work_mem/.test(text))).toEqual([]);
  });
});

describe('a server that is not PostgreSQL (thorough)', () => {
  // A real server that says of itself what these say.
  it.each([
    ['CockroachDB', 'CockroachDB CCL v25.3.1 (x86_64-pc-linux-gnu, built 2025/08/11)', /BACKUP/],
    ['Amazon Redshift', 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, Redshift 1.0.117891', /UNLOAD/],
    ['YugabyteDB', 'PostgreSQL 15.12-YB-2.25.2.0-b0 on x86_64-pc-linux-gnu', /ysql_dump/],
  ])('is detected by its version, and refused before the dump: %s', async (name, version, hint) => {
    const database = `as ${name}`;
    const url = await bed.database.createDatabase(database);
    await bed.database.sql(
      `CREATE FUNCTION public.version() RETURNS text LANGUAGE sql AS $$ SELECT '${version}' $$;
       ALTER DATABASE "${database}" SET search_path = public, pg_catalog;`,
      database,
    );
    const before = bed.artifacts.artifacts().length;
    const run = await backup({ 'connection-string': url });
    expectFailure(run, new RegExp(`The server is ${name}, which pg_dump cannot dump`), bed.artifacts, before);
    expect(errorsOf(run)[0]).toMatch(hint);
    expect(run.log).not.toContain('Dumping');
  });
});

describe('a machine without an artifact service (thorough)', () => {
  it.each<[string, Record<string, string>]>([
    ['GitHub Enterprise Server', { GITHUB_SERVER_URL: 'https://git.company.example' }],
    ['no runtime token', { ACTIONS_RUNTIME_TOKEN: '' }],
    ['no address of the service', { ACTIONS_RESULTS_URL: '' }],
  ])('is refused before any connection or download: %s', async (_, env) => {
    const [requests, before] = [bed.mirror.requests.length, bed.artifacts.artifacts().length];
    const run = await backup({}, { env });
    expectFailure(run, /./, bed.artifacts, before);
    expect(run.processes.filter(({ argv }) => /psql|pg_dump|apt/.test(argv.join(' ')))).toEqual([]);
    expect(bed.mirror.requests).toHaveLength(requests);
  });
});

describe('certificates and keys as PEM text', () => {
  it('become files that only this user can read, and post removes them when main was killed', async () => {
    const client = selfSignedCertificate({ names: ['postgres'] });
    const server = await startDatabase({ ssl: 'required' });
    const temp = await mkdtemp(path.join(folder, 'temp-'));
    const files = watchWorkFolder(temp);
    let handle: StepHandle | undefined;
    try {
      await server.sql('CREATE TABLE held (id int)');
      const run = await whileSession(server, 'BEGIN; LOCK TABLE held', async () => {
        const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'postgres-backup-action'`;
        const killed: Promise<void>[] = [];
        const ended = await backup(
          {
            'connection-string': server.url,
            'ssl-root-cert': server.certificate ?? '',
            'ssl-cert': client.certificate,
            'ssl-key': client.key,
          },
          {
            temp,
            secrets: [server.password, client.key],
            onStart: (started) => (handle = started),
            onLine: (line) => {
              if (line.startsWith('Dumping'))
                killed.push(untilRow(server, waiting).then(() => handle?.kill('SIGKILL')));
            },
          },
        );
        await Promise.all(killed);
        return ended;
      });
      expect(run.signal).toBe('SIGKILL');
      const pem = files.stop().filter(({ name }) => name.endsWith('.pem'));
      expect(pem.map(({ name, mode }) => [name, mode]).sort()).toEqual([
        ['connection-string/sslcert.pem', 0o600],
        ['connection-string/sslkey.pem', 0o600],
        ['connection-string/sslrootcert.pem', 0o600],
      ]);
      expect(run.post?.log).toContain('Cleaned up after an interrupted job');
      expect([run.leftFiles, run.post?.exitCode]).toEqual([[], 0]);
    } finally {
      files.stop();
      await server.stop();
    }
  });
});

describe('postgres-version, without a value in the workflow,', () => {
  it('uses the version of a server that is newer than the default tools', async () => {
    const newer = await startDatabase({ version: '18' });
    const before = bed.artifacts.artifacts().length;
    try {
      const run = await backup({ 'connection-string': newer.url }, { secrets: [newer.password] });
      expect(run.log).toContain('PostgreSQL 18 needs newer client tools than 17');
      // Neither the mirror nor most releases have 18; where one does, the backup is made with it.
      if (run.exitCode === 0) expect(run.outputs['client-version']).toMatch(/^18/);
      else expectFailure(run, /^PostgreSQL 18 client tools could not be downloaded/, bed.artifacts, before);
      expectNothingLeft(run);
    } finally {
      await newer.stop();
    }
  });
});
