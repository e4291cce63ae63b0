import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testClientTools } from '../support/client-tools.ts';
import { type ShopRows, countRows, fillShop } from '../support/shop.ts';
import { type TestBed, expectFailure, expectSuccess, remarksOf, startTestBed } from '../support/test-bed.ts';

const execute = promisify(execFile);
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

let bed: TestBed;
let shop: ShopRows;
let workspace: string;
let shopUrl: string;

beforeAll(async () => {
  bed = await startTestBed({ emptyToolCache: true });
  shopUrl = await bed.database.createDatabase('shop');
  shop = await fillShop(bed.database, { database: 'shop' });
  workspace = await mkdtemp(path.join(tmpdir(), 'workspace-'));
});
afterAll(async () => {
  await bed.stop();
  await rm(workspace, { recursive: true, force: true });
});

const backup = (inputs: Record<string, string> = {}, more: Parameters<TestBed['backup']>[0] = {}) =>
  bed.backup({ inputs: { 'connection-string': shopUrl, ...inputs }, ...more });
const newest = () => bed.artifacts.artifacts().at(-1);

describe('a backup', () => {
  it('becomes an artifact that is the archive itself, with correct outputs', async () => {
    const run = await backup();
    expectSuccess(run);
    const artifact = newest();
    const content = await bed.artifacts.read(artifact?.name ?? '');
    expect(content.subarray(0, 5).toString()).toBe('PGDMP');
    expect(run.outputs).toMatchObject({
      'artifact-id': String(artifact?.id),
      'artifact-name': artifact?.name,
      'artifact-url': `https://github.com/example/shop/actions/runs/1/artifacts/${artifact?.id ?? ''}`,
      'artifact-digest': sha256(content),
      'backup-path': '',
      'backup-size': String(content.length),
      'backup-sha256': sha256(content),
      database: 'shop',
      'server-version': '17.10',
      'client-version': bed.mirror.version,
      tables: String(Object.keys(shop).length),
      rows: String(Object.values(shop).reduce((sum, rows) => sum + rows, 0)),
    });
    expect(run.outputs['artifact-name']).toMatch(/^shop-\d{8}T\d{6}Z-[0-9a-f]{8}\.bak$/);
    const kept = Number(artifact?.expiresAt) - Number(artifact?.createdAt);
    expect(Math.round(kept / 86_400_000)).toBe(30);
    expect(Math.abs(Date.parse(run.outputs['expires-at'] ?? '') - Number(artifact?.expiresAt))).toBeLessThan(
      60_000,
    );
  });

  it('has the same content digest whatever the compression, the time and the time zone of the server (thorough)', async () => {
    const digests = new Set<string | undefined>();
    for (const compression of ['zstd:3', 'gzip:1', 'lz4', 'none']) {
      const run = await backup({ compression, 'backup-name': compression.replace(':', '-') });
      expectSuccess(run);
      digests.add(run.outputs['content-digest']);
    }
    await bed.database.query(`ALTER ROLE postgres SET timezone = 'Asia/Tokyo'`);
    const elsewhere = await backup({ 'backup-name': 'tokyo' });
    digests.add(elsewhere.outputs['content-digest']);
    await bed.database.query('ALTER ROLE postgres RESET timezone');
    expect(digests.size).toBe(1);
  });

  it('can be restored with the commands of its summary, privileges included', async () => {
    await bed.database.query(
      'CREATE FUNCTION closed() RETURNS int LANGUAGE sql RETURN 1; REVOKE EXECUTE ON FUNCTION closed() FROM PUBLIC',
      { database: 'shop' },
    );
    const run = await backup({ 'backup-name': 'by hand' });
    const commands =
      /```sh\n([\s\S]*?)```/
        .exec(run.summary)?.[1]
        ?.split('\n')
        .filter((line) => line && !line.startsWith('#')) ?? [];
    const [fetch = '', ...rest] = commands;
    // The GitHub CLI is not here: what it would fetch is taken from the service.
    expect(fetch).toMatch(
      new RegExp(`^gh api repos/example/shop/actions/artifacts/${run.outputs['artifact-id'] ?? ''}/zip > `),
    );
    const name = run.outputs['artifact-name'] ?? '';
    await writeFile(path.join(workspace, name), await bed.artifacts.read(name));
    const target = await bed.database.createDatabase('restored');
    const { directory } = await testClientTools();
    await execute('bash', ['-euo', 'pipefail', '-c', rest.join('\n')], {
      cwd: workspace,
      env: { PATH: `${directory}:${process.env['PATH'] ?? ''}`, TARGET_DATABASE_URL: target },
    });
    expect(await countRows(bed.database, 'restored')).toEqual(shop);
    const open = `SELECT has_function_privilege('pg_monitor', 'closed()', 'EXECUTE') AS open`;
    expect(await bed.database.query(open, { database: 'restored' })).toEqual([{ open: false }]);
    const again = await bed.backup({ inputs: { 'connection-string': target } });
    expect(again.outputs['content-digest']).toBe(run.outputs['content-digest']);
  });

  it('writes a short log and a summary', async () => {
    const run = await backup({ 'backup-name': 'story' });
    const story = run.log
      .split('\n')
      .filter(
        (line) =>
          !/^(Uploaded bytes|Beginning|Finished|SHA256|Finalizing|Artifact |Uploading artifact)/.test(line),
      );
    expect(story.length).toBeLessThan(18);
    expect(run.log).toMatch(
      /Connection string from the connection-string input[\s\S]*PostgreSQL client[\s\S]*Connected to shop[\s\S]*Dumped[\s\S]*Read back[\s\S]*Uploaded[\s\S]*Done/,
    );
    expect(run.summary).toMatch(
      /is backed up and verified[\s\S]*Kept until[\s\S]*SHA-256[\s\S]*Duration[\s\S]*dump [\s\S]*commit[\s\S]*Tables[\s\S]*pg_restore/,
    );
  });

  it('gets at most the retention that the repository allows, and reports it', async () => {
    const run = await backup({ 'retention-days': '91', 'backup-name': 'long' }, { retentionDays: 90 });
    expectSuccess(run);
    expect(run.log).toMatch(/90 days: 91 were requested/);
    expect(run.summary).toContain('91 were requested');
    const days = (Date.parse(run.outputs['expires-at'] ?? '') - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(90);
    expect(remarksOf(run)).toEqual([
      expect.stringMatching(/^retention-days: 91 days .* at most 90: .*"retention-days: 90"/),
    ]);
  });

  it('leaves out what the filters exclude', async () => {
    const run = await backup({
      'backup-name': 'filtered',
      schemas: 'shop',
      'exclude-tables': 'shop.events*\nshop.no_such_table',
      'exclude-table-data': 'shop.customers',
      'pg-dump-args': '--no-comments --no-publications',
    });
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([
      expect.stringContaining('shop.no_such_table'),
      expect.stringContaining('large objects: 2 large objects'),
    ]);
    expect(Number(run.outputs['tables'])).toBeLessThan(Object.keys(shop).length);
    const naming = run.summary.split('### ').filter((section) => section.includes('customers'));
    expect(naming).toEqual([
      expect.stringMatching(/^Not in this backup[^]*\*\*rows of tables\*\*: .*customers/),
    ]);
  });
});

describe('the client tools', () => {
  it('can be used by later steps through bin-directory and PATH', async () => {
    const run = await backup({ 'backup-name': 'tools', 'add-to-path': 'true' });
    expectSuccess(run);
    const directory = run.outputs['bin-directory'] ?? '';
    expect(directory.startsWith(bed.toolCache)).toBe(true);
    expect(run.path).toEqual([directory]);
    const { stdout } = await execute(path.join(directory, 'pg_dump'), ['--version'], { env: {} });
    expect(stdout).toContain(`(PostgreSQL) ${run.outputs['client-version'] ?? ''}`);
  });
});

describe('the connection string', () => {
  it('can come from DATABASE_URL of the environment, and the log says so', async () => {
    const run = await backup(
      { 'connection-string': '', 'backup-name': 'env' },
      { env: { DATABASE_URL: shopUrl } },
    );
    expectSuccess(run);
    expect(run.log).toContain('Connection string from DATABASE_URL in the environment');
  });

  it('can come from a .env file in the workspace (thorough)', async () => {
    await writeFile(path.join(workspace, '.env'), `DATABASE_URL="${shopUrl}"\n`);
    const run = await backup({ 'connection-string': '', 'backup-name': 'file' }, { workspace });
    await rm(path.join(workspace, '.env'));
    expectSuccess(run);
    expect(run.log).toContain('.env file');
  });

  it('can be surrounded by white space, which a notice reports (thorough)', async () => {
    const run = await backup({ 'connection-string': `  ${shopUrl}\n`, 'backup-name': 'space' });
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([expect.stringContaining('white space')]);
  });
});

describe('storage', () => {
  it('can be a folder too, whose files only their owner can read', async () => {
    const storage = 'artifact\n./kept/';
    const run = await backup({ storage, 'backup-name': 'both' }, { workspace });
    expect(run.exitCode).toBe(0);
    const kept = run.outputs['backup-path'] ?? '';
    expect(kept).toBe(path.join(workspace, 'kept', newest()?.name ?? ''));
    expect(sha256(await readFile(kept))).toBe(run.outputs['artifact-digest']);
    expect((await stat(kept)).mode & 0o777).toBe(0o600);
  });

  it('can be a folder alone, without an artifact service', async () => {
    const asked = () => bed.artifacts.requests.filter(({ point }) => point !== 'rest').length;
    const before = asked();
    const run = await bed.backup({
      inputs: { 'connection-string': shopUrl, storage: './alone/' },
      workspace,
      env: {
        ACTIONS_RUNTIME_TOKEN: '',
        ACTIONS_RESULTS_URL: '',
        GITHUB_SERVER_URL: 'https://git.company.example',
      },
    });
    const { 'backup-file': name = '', 'artifact-id': id } = run.outputs;
    const file = path.join(workspace, 'alone', name);
    expect([run.exitCode, run.outputs['backup-path'], id]).toEqual([0, file, '']);
    expect(asked()).toBe(before);
    expect(run.summary).toContain(file);
  });

  it('leaves no file when the upload fails (thorough)', async () => {
    const before = bed.artifacts.artifacts().length;
    bed.artifacts.faults = { createArtifact: { answer: 403 } };
    try {
      expectFailure(
        await backup({ storage: './failed/\nartifact' }),
        /could not be uploaded/,
        bed.artifacts,
        before,
      );
    } finally {
      bed.artifacts.faults = {};
    }
  });
});
