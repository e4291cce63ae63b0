import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ageBinary, ageWithPassphrase } from '../support/age-binary.ts';
import { testClientTools } from '../support/client-tools.ts';
import { type ShopRows, countRows, fillShop } from '../support/shop.ts';
import { type TestBed, expectFailure, expectSuccess, startTestBed } from '../support/test-bed.ts';

const execute = promisify(execFile);

let bed: TestBed;
let shop: ShopRows;
let shopUrl: string;
let folder: string;
let recipient: string;
beforeAll(async () => {
  bed = await startTestBed();
  shopUrl = await bed.database.createDatabase('shop');
  shop = await fillShop(bed.database, { database: 'shop', scale: 0.2 });
  folder = await mkdtemp(path.join(tmpdir(), 'keys-'));
  const { ageKeygen } = await ageBinary();
  await execute(ageKeygen, ['-o', path.join(folder, 'key.txt')]);
  recipient = /public key: (age1\w+)/.exec(await readFile(path.join(folder, 'key.txt'), 'utf8'))?.[1] ?? '';
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

const backup = (inputs: Record<string, string>, secrets: string[] = []) =>
  bed.backup({ inputs: { 'connection-string': shopUrl, ...inputs }, secrets });

describe('an encrypted backup', () => {
  it('to a public key can be restored with the commands of its summary and the standard age command', async () => {
    const run = await backup({
      'age-recipients': `# the night shift\n${recipient}`,
      'backup-name': 'sealed',
    });
    expectSuccess(run);
    const name = run.outputs['artifact-name'] ?? '';
    expect(name).toMatch(/^sealed-.*\.bak\.age$/);
    expect(run.log).toContain('Encrypted to 1 recipient');
    const content = await bed.artifacts.read(name);
    expect(content.subarray(0, 21).toString()).toBe('age-encryption.org/v1');
    expect(content.includes('PGDMP')).toBe(false);

    await writeFile(path.join(folder, name), content);
    const target = await bed.database.createDatabase('restored');
    const commands = /```sh\n([\s\S]*?)```/.exec(run.summary)?.[1]?.split('\n') ?? [];
    const script = commands.filter((line) => line !== '' && !/^(#|gh )/.test(line)).join('\n');
    const [{ directory }, { age }] = await Promise.all([testClientTools(), ageBinary()]);
    await execute('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: folder,
      env: {
        PATH: `${directory}:${path.dirname(age)}:${process.env['PATH'] ?? ''}`,
        TARGET_DATABASE_URL: target,
      },
    });
    expect(await countRows(bed.database, 'restored')).toEqual(shop);
  });

  it('shows nothing of its content: no name of a table, no count, no digest', async () => {
    const told = await backup({ 'backup-name': 'told' });
    const { 'content-digest': digest = '?', rows = '?', tables = '?' } = told.outputs;
    const run = await backup({ 'age-recipients': recipient, 'backup-name': 'silent' });
    expectSuccess(run);
    expect(run.outputs).toMatchObject({ 'content-digest': '', rows: '', tables: '' });
    const name = run.outputs['backup-file'] ?? '';
    const record = (await bed.artifacts.read(`${name}.json`)).toString();
    const shown = [run.log, run.summary, JSON.stringify(run.outputs), record].join('\n');
    for (const secret of [
      'customers',
      digest.slice(0, 12),
      `${tables} tables`,
      Number(rows).toLocaleString('en'),
    ]) {
      expect([told.log, told.summary].join('\n')).toContain(secret);
      expect(shown).not.toContain(secret);
    }
    expect(JSON.parse(record)).toMatchObject({
      encryption: {
        kind: 'age-recipients',
        recipients: [createHash('sha256').update(recipient).digest('hex')],
      },
      notIncluded: [
        { what: 'roles and their memberships, tablespaces and other databases', names: [] },
        { what: 'contents of materialized views', names: [] },
        { what: 'values of generated columns', names: [] },
      ],
    });
  });

  it('with a passphrase can be decrypted with the standard age command', async () => {
    const passphrase = 'correct horse battery staple';
    const run = await backup({ 'age-passphrase': passphrase, 'backup-name': 'phrase' }, [passphrase]);
    expectSuccess(run);
    const file = path.join(folder, 'phrase.bak.age');
    await writeFile(file, await bed.artifacts.read(run.outputs['artifact-name'] ?? ''));
    await ageWithPassphrase(['--decrypt', '--output', `${file}.opened`, file], passphrase);
    expect((await readFile(`${file}.opened`)).subarray(0, 5).toString()).toBe('PGDMP');
  });

  it.each([
    ['a public key that is none', { 'age-recipients': 'age1nonsense' }, /age-recipients/],
    [
      'a secret key in the place of a public one',
      { 'age-recipients': 'AGE-SECRET-KEY-1WHATEVER' },
      /age-recipients/,
    ],
    [
      'a passphrase that can be guessed',
      { 'age-passphrase': 'a' },
      /fewer than 16 characters[^]*openssl rand/,
    ],
    ['both ways at once', { 'age-recipients': 'age1x', 'age-passphrase': 'phrase-of-mine' }, /both set/],
  ])('is refused before the dump with %s (thorough)', async (_, inputs, annotation) => {
    const before = bed.artifacts.artifacts().length;
    const run = await backup(inputs, ['phrase-of-mine']);
    expectFailure(run, annotation, bed.artifacts, before);
    expect(run.log).not.toContain('Connected');
  });
});
