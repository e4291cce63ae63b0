import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionRun } from '../support/runner.ts';
import { fillShop } from '../support/shop.ts';
import { type TestBed, expectFailure, expectSuccess, remarksOf, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
let url: string;
let folder: string;
beforeAll(async () => {
  bed = await startTestBed();
  url = await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop', scale: 0.2 });
  folder = await mkdtemp(path.join(tmpdir(), 'unchanged-'));
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

const backup = (inputs: Record<string, string> = {}): Promise<ActionRun> =>
  bed.backup({ inputs: { 'connection-string': url, 'if-unchanged': 'skip', ...inputs } });

describe('if-unchanged: skip', () => {
  it('uploads the first backup, and nothing until something changes', async () => {
    const first = await backup();
    expectSuccess(first);
    expect(first.outputs['unchanged']).toBe('false');

    const again = await backup();
    expectSuccess(again);
    expect(bed.artifacts.artifacts()).toHaveLength(1);
    expect(again.log).toContain(`Unchanged since ${first.outputs['artifact-name'] ?? '-'}`);
    expect(again.summary).toContain('is unchanged since its last backup');
    const same = ['artifact-id', 'artifact-name', 'artifact-url', 'artifact-digest', 'backup-size'];
    for (const name of [...same, 'backup-sha256', 'content-digest']) {
      expect([name, again.outputs[name]]).toEqual([name, first.outputs[name]]);
    }
    expect(again.outputs['unchanged']).toBe('true');

    await bed.database.query("UPDATE shop.customers SET email = 'new@example.com' WHERE id = 1", {
      database: 'shop',
    });
    const changed = await backup();
    expectSuccess(changed);
    expect(changed.outputs['unchanged']).toBe('false');
    expect(bed.artifacts.artifacts()).toHaveLength(2);
    // The series, with the one that was just made.
    expect(changed.summary).toContain('2 backups');
    expect(changed.summary).toContain('xychart-beta');
  });

  it('makes a new backup after a change of the database itself (thorough)', async () => {
    await bed.database.query('CREATE ROLE somebody');
    const names = { 'backup-name': 'properties' };
    expect((await backup(names)).outputs['unchanged']).toBe('false');
    for (const change of [
      `ALTER DATABASE shop SET work_mem = '5MB'`,
      `ALTER ROLE somebody IN DATABASE shop SET search_path = shop, public`,
      `COMMENT ON DATABASE shop IS 'orders'`,
      'GRANT CREATE ON DATABASE shop TO somebody',
      'ALTER DATABASE shop CONNECTION LIMIT 50',
      'ALTER DATABASE shop OWNER TO somebody',
    ]) {
      await bed.database.query(change);
      const run = await backup(names);
      expectSuccess(run);
      expect([change, run.outputs['unchanged']]).toEqual([change, 'false']);
    }
    expect((await backup(names)).outputs['unchanged']).toBe('true');
  });

  it('stores it again in every store if one of them does not have it (thorough)', async () => {
    expectSuccess(await backup());
    const before = bed.artifacts.artifacts().length;
    const storage = `artifact\n${folder}/`;
    const run = await backup({ storage });
    expect(run.exitCode).toBe(0);
    expect(run.outputs['unchanged']).toBe('false');
    expect(bed.artifacts.artifacts()).toHaveLength(before + 1);
    const again = await backup({ storage });
    expect(again.outputs).toMatchObject({ unchanged: 'true', 'backup-path': run.outputs['backup-path'] });
    const file = path.basename(run.outputs['backup-path'] ?? '');
    expect((await readdir(folder)).sort()).toEqual([file, `${file}.json`]);
  });

  it('uploads where the previous backup is of another series, or is encrypted differently (thorough)', async () => {
    const other = await backup({ 'backup-name': 'shop-eu' });
    expectSuccess(other);
    expect(other.outputs['unchanged']).toBe('false');
    const sealed = await bed.backup({
      inputs: { 'connection-string': url, 'if-unchanged': 'skip', 'age-passphrase': 'correct horse battery' },
      secrets: ['correct horse battery'],
    });
    expectSuccess(sealed);
    expect(sealed.outputs['unchanged']).toBe('false');
  });

  it('uploads an encrypted backup again when others can open it (thorough)', async () => {
    const [one, two] = [
      'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
      'age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg',
    ];
    const secrets = ['correct horse battery', 'a battery of horses'];
    const unchanged = async (inputs: Record<string, string>): Promise<string | undefined> => {
      const run = await bed.backup({
        inputs: { 'connection-string': url, 'if-unchanged': 'skip', 'backup-name': 'sealed', ...inputs },
        secrets,
      });
      expectSuccess(run);
      return run.outputs['unchanged'];
    };
    expect(await unchanged({ 'age-recipients': one })).toBe('false');
    expect(await unchanged({ 'age-recipients': one })).toBe('true');
    expect(await unchanged({ 'age-recipients': `${one}\n${two}` })).toBe('false');
    expect(await unchanged({ 'age-recipients': `${two}\n# comment\n${one}` })).toBe('true');
    expect(await unchanged({ 'age-passphrase': secrets[0] ?? '' })).toBe('false');
    expect(await unchanged({ 'age-passphrase': secrets[0] ?? '' })).toBe('true');
    expect(await unchanged({ 'age-passphrase': secrets[1] ?? '' })).toBe('false');
  });

  it('uploads, and names the permission, where the previous backups cannot be listed (thorough)', async () => {
    const token = bed.artifacts.tokenFor({ repositories: [bed.artifacts.repository], actions: 'none' });
    const run = await bed.backup({
      inputs: { 'connection-string': url, 'if-unchanged': 'skip', 'github-token': token },
      secrets: [token],
    });
    expectSuccess(run);
    expect(run.outputs['unchanged']).toBe('false');
    expect(remarksOf(run).join('\n')).toMatch(/if-unchanged[^]*actions: read/);
  });

  it('is refused when it is misspelt (thorough)', async () => {
    const before = bed.artifacts.artifacts().length;
    expectFailure(await backup({ 'if-unchanged': 'Skip' }), /if-unchanged: "Skip"/, bed.artifacts, before);
  });
});

describe('a backup (thorough)', () => {
  it('that is far smaller than the previous one warns', async () => {
    await bed.database.query('TRUNCATE shop.order_lines, shop.events, shop.products CASCADE', {
      database: 'shop',
    });
    const run = await bed.backup({ inputs: { 'connection-string': url, 'backup-name': 'shop-eu' } });
    expectSuccess(run);
    expect(remarksOf(run).join('\n')).toMatch(/far smaller than the previous one: .*shop-eu-/);
  });

  it('without the permission to list artifacts continues without a message', async () => {
    const token = bed.artifacts.tokenFor({ repositories: [bed.artifacts.repository], actions: 'none' });
    const run = await bed.backup({
      inputs: { 'connection-string': url, 'github-token': token },
      secrets: [token],
    });
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([]);
    expect(run.summary).not.toContain('Backups of');
  });
});

describe('ten backups at once (thorough)', () => {
  it('share one artifact service and one tool cache, and each gets its own name', async () => {
    const before = bed.artifacts.artifacts().length;
    const names = Array.from({ length: 10 }, (_, index) => `matrix-${index}`);
    const runs = await Promise.all(names.map((name) => backup({ 'backup-name': name })));
    for (const run of runs) expectSuccess(run);
    expect(new Set(runs.map(({ outputs }) => outputs['artifact-name'])).size).toBe(10);
    expect(bed.artifacts.artifacts()).toHaveLength(before + 10);
  });
});
