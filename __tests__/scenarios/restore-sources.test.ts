import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ageBinary } from '../support/age-binary.ts';
import type { ArtifactRecord } from '../support/artifact-service-records.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { type ShopRows, countRows, fillShop } from '../support/shop.ts';
import {
  type TestBed,
  errorsOf,
  expectFailedRestore,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';

const execute = promisify(execFile);

const OTHER = 'example/storefront';
const PASSPHRASE = 'correct horse battery staple';
const DAY_MS = 86_400_000;

let bed: TestBed;
let shop: ShopRows;
let folder: string;
let content: Buffer;
let sealed: Buffer;
let targets = 0;
beforeAll(async () => {
  bed = await startTestBed();
  const url = await bed.database.createDatabase('shop');
  shop = await fillShop(bed.database, { database: 'shop', scale: 0.1 });
  folder = await mkdtemp(path.join(tmpdir(), 'sources-'));
  const make = async (inputs: Record<string, string>): Promise<ActionRun> => {
    const run = await bed.backup({
      inputs: { 'connection-string': url, storage: `${folder}/`, ...inputs },
      secrets: [PASSPHRASE],
    });
    expectSuccess(run);
    return run;
  };
  const plain = await make({});
  content = await readFile(plain.outputs['backup-path'] ?? '');
  const encrypted = await make({ 'backup-name': 'sealed', 'age-passphrase': PASSPHRASE });
  sealed = await readFile(encrypted.outputs['backup-path'] ?? '');
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

/** As the action names its backups. */
function nameOf(series: string, daysAgo: number, suffix = ''): string {
  const time = new Date(Date.now() - daysAgo * DAY_MS).toISOString().replace(/\.\d+/, '');
  return `${series}-${time.replace(/[-:]/g, '')}-01234567.bak${suffix}`;
}

/** A backup that another run has made, so many days ago. */
async function stored(
  series: string,
  {
    daysAgo = 1,
    suffix = '',
    ...more
  }: { daysAgo?: number; suffix?: string; repository?: string } & {
    expiresAt?: Date;
    content?: Uint8Array | string;
  } = {},
): Promise<ArtifactRecord> {
  return bed.artifacts.seed({
    content,
    ...more,
    name: nameOf(series, daysAgo, suffix),
    createdAt: new Date(Date.now() - daysAgo * DAY_MS),
  });
}

async function restore(
  inputs: Record<string, string>,
  options: RunActionOptions = {},
): Promise<{ target: string; run: ActionRun }> {
  targets += 1;
  const target = `target_${targets}`;
  const url = await bed.database.createDatabase(target);
  const run = await bed.restore({
    ...options,
    inputs: { 'connection-string': url, ...inputs },
    secrets: [PASSPHRASE, ...(options.secrets ?? [])],
  });
  return { target, run };
}

async function expectRestored({ target, run }: { target: string; run: ActionRun }): Promise<void> {
  expectSuccess(run);
  expect(await countRows(bed.database, target)).toEqual(shop);
}

async function expectUntouched(
  { target, run }: { target: string; run: ActionRun },
  annotation: RegExp,
): Promise<void> {
  expectFailedRestore(run, annotation);
  expect(run.summary).toContain('The target was not touched');
  const schemas = `SELECT nspname FROM pg_namespace WHERE nspname = 'shop'`;
  expect(await bed.database.query(schemas, { database: target })).toEqual([]);
}

const ownToken = (actions: 'none' | 'read'): string =>
  bed.artifacts.tokenFor({ repositories: [bed.artifacts.repository], actions });

describe('a backup of another run (thorough)', () => {
  it.each([
    ['latest', () => ({ 'backup-name': 'nightly' })],
    ['its name', (backup: ArtifactRecord) => ({ backup: backup.name })],
    ['its id', (backup: ArtifactRecord) => ({ backup: String(backup.id) })],
  ])('is found as %s with actions: read', async (_, inputs) => {
    const backup = await stored('nightly');
    const done = await restore(inputs(backup), { token: ownToken('read'), runId: 7 });
    await expectRestored(done);
    expect(remarksOf(done.run)).toEqual([]);
    expect(done.run.outputs['artifact-id']).toBe(String(backup.id));
    expect(done.run.summary).toContain(`/actions/runs/${backup.runId}/artifacts/${backup.id}`);
  });

  it.each([
    ['latest', () => ({ 'backup-name': 'unseen' })],
    ['its name', (backup: ArtifactRecord) => ({ backup: backup.name })],
    ['its id', (backup: ArtifactRecord) => ({ backup: String(backup.id) })],
  ])('is not found as %s without actions: read, and the error says what to add', async (_, inputs) => {
    const backup = await stored('unseen');
    await expectUntouched(
      await restore(inputs(backup), { token: ownToken('none') }),
      /github-token: the token lacks the permission to read the artifacts of example\/shop.*\n.*permissions: \{ actions: read, contents: read \}/,
    );
  });

  it('cannot be found with a token that GitHub does not know', async () => {
    const backup = await stored('unknown');
    await expectUntouched(
      await restore(
        { backup: backup.name, 'github-token': 'ghp_revoked_secret' },
        { secrets: ['ghp_revoked_secret'] },
      ),
      /github-token: GitHub does not accept the token.*\n.*replace it/,
    );
  });

  it('that is encrypted needs the passphrase, and the right one', async () => {
    const backup = await stored('vault', { suffix: '.age', content: sealed });
    const wanted = { backup: backup.name };
    await expectUntouched(
      await restore(wanted),
      /encrypted with age, and there is no key.*\n.*age-passphrase/,
    );
    const wrong = await restore(
      { ...wanted, 'age-passphrase': 'battery horse' },
      { secrets: ['battery horse'] },
    );
    await expectUntouched(wrong, /age-passphrase/);
    await expectRestored(await restore({ ...wanted, 'age-passphrase': PASSPHRASE }));
  });
});

describe('a backup of the same run (thorough)', () => {
  it.each([
    ['latest', () => ({ 'backup-name': 'own' })],
    ['its name', (backup: ActionRun) => ({ backup: backup.outputs['artifact-name'] ?? '' })],
    ['its id', (backup: ActionRun) => ({ backup: backup.outputs['artifact-id'] ?? '' })],
  ])('is found as %s without any permission', async (_, inputs) => {
    const runId = 50 + targets;
    const backup = await bed.backup({
      inputs: { 'connection-string': bed.database.urlFor({ database: 'shop' }), 'backup-name': 'own' },
      runId,
    });
    expectSuccess(backup);
    await expectRestored(await restore(inputs(backup), { token: ownToken('none'), runId }));
  });
});

describe('a backup of another repository', () => {
  it('is restored with a token of that repository', async () => {
    await stored('elsewhere', { repository: OTHER });
    const token = bed.artifacts.tokenFor({ repositories: [OTHER], actions: 'read' });
    const inputs = { repository: OTHER, 'backup-name': 'elsewhere', 'github-token': token };
    const done = await restore(inputs, { secrets: [token] });
    await expectRestored(done);
    expect(done.run.summary).toContain(`https://github.com/${OTHER}/actions/`);
  });

  it('is not found with the token of the job (thorough)', async () => {
    await stored('elsewhere', { repository: OTHER });
    await expectUntouched(
      await restore({ repository: OTHER, 'backup-name': 'elsewhere' }),
      /repository: example\/storefront does not exist, or the token has no access to it.*\n.*"actions: read" in example\/storefront, from a secret/,
    );
  });

  it('is not mistaken for one of this repository (thorough)', async () => {
    await stored('stranger', { repository: OTHER });
    await expectUntouched(
      await restore({ 'backup-name': 'stranger' }),
      /there is no backup of stranger in example\/shop/,
    );
  });
});

describe('what cannot be restored', () => {
  it('is an artifact that has expired (thorough)', async () => {
    await stored('nightly');
    const old = await stored('old', { daysAgo: 40, expiresAt: new Date(Date.now() - DAY_MS) });
    for (const backup of [String(old.id), old.name])
      await expectUntouched(
        await restore({ backup }),
        new RegExp(
          `^backup: the artifact ${old.name} \\(${old.id}\\) of example/shop expired on .* UTC\\. There are`,
        ),
      );
    await expectUntouched(await restore({ 'backup-name': 'old' }), /no backup of old in example\/shop/);
  });

  it('is an artifact of another action, which is a zip file (thorough)', async () => {
    const zip = await bed.artifacts.seed({
      name: 'coverage',
      content: Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(500, 7)]),
      mimeType: 'application/zip',
    });
    await expectUntouched(
      await restore({ backup: String(zip.id) }),
      /^backup: the artifact coverage is a zip file, which was not uploaded by this action.*\n.*actions\/download-artifact/,
    );
  });

  it('is an artifact that is not a backup (thorough)', async () => {
    const report = await bed.artifacts.seed({ name: 'report.html', content: '<html>Well done</html>' });
    await expectUntouched(
      await restore({ backup: report.name }),
      /not an archive of pg_dump: it is something that neither pg_dump nor age has written/,
    );
  });

  it('is a file that does not exist (thorough)', async () => {
    await expectUntouched(
      await restore({ path: 'backups/none.bak' }),
      /^path: "backups\/none\.bak" cannot be read: ENOENT.*\n.*relative to the workspace/,
    );
  });

  it('is an artifact id that does not exist (thorough)', async () => {
    await stored('nightly');
    await expectUntouched(
      await restore({ backup: '4711' }),
      /^backup: there is no artifact with the id 4711 in example\/shop\. There are: .* old, .*, expires .* UTC\).*\nSet "backup"/,
    );
  });

  it('is the latest backup where there are several series', async () => {
    await stored('nightly');
    await stored('before-deploy');
    await expectUntouched(
      await restore({}),
      /^backup-name: example\/shop contains backups of \d+ series: .*nightly \(the newest is .* old\).*\nSet "backup-name"/,
    );
  });

  it('is a backup while the artifact service is unavailable (thorough)', async () => {
    const backup = await stored('unavailable');
    bed.artifacts.faults = { blobGet: { answer: 'truncate' } };
    try {
      const failed = await restore({ backup: backup.name });
      await expectUntouched(failed, /could not be downloaded: .*ended after \d+ of \d+ bytes/);
      expect(errorsOf(failed.run).join()).toContain('Run the job again');
    } finally {
      bed.artifacts.faults = {};
    }
  });
});

describe('a public key', () => {
  it('decrypts nothing, but the secret key decrypts the backup of any run', async () => {
    const { ageKeygen } = await ageBinary();
    const file = path.join(folder, 'key.txt');
    await execute(ageKeygen, ['-o', file]);
    const key = await readFile(file, 'utf8');
    const [recipient = ''] = /age1\w+/.exec(key) ?? [];
    const [identity = ''] = /AGE-SECRET-KEY-1\w+/.exec(key) ?? [];
    const url = bed.database.urlFor({ database: 'shop' });
    const inputs = { 'connection-string': url, 'backup-name': 'keyed', 'age-recipients': recipient };
    expectSuccess(await bed.backup({ inputs, runId: 30 }));
    const wanted = { 'backup-name': 'keyed' };
    await expectUntouched(await restore({ ...wanted, 'age-identity': recipient }), /age-identity/);
    await expectRestored(
      await restore({ ...wanted, 'age-identity': identity }, { runId: 31, secrets: [identity] }),
    );
  });
});
