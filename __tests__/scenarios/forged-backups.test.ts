import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { hoursBefore } from '../storage/artifact/store-bed.ts';
import type { Seed } from '../support/artifact-service.ts';
import type { ArtifactRecord } from '../support/artifact-service-records.ts';
import { type ShopRows, countRows, fillShop } from '../support/shop.ts';
import type { ActionRun } from '../support/runner.ts';
import { expectColour, runOnSeries } from '../support/series-bed.ts';
import { type TestBed, expectFailedRestore, expectSuccess, startTestBed } from '../support/test-bed.ts';

const FORK = 'stranger/shop';
const IGNORED = (number: number): string =>
  `Ignored ${number} artifact${number === 1 ? '' : 's'} named like a backup: ${number} not made by this repository's own code`;

let bed: TestBed;
let url: string;
let real: Buffer;
let forged: Buffer;
let shop: ShopRows;
let targets = 0;
beforeAll(async () => {
  bed = await startTestBed();
  url = await bed.database.createDatabase('shop');
  shop = await fillShop(bed.database, { database: 'shop', scale: 0.1 });
  const made = await bed.backup({ inputs: { 'connection-string': url } });
  expectSuccess(made);
  real = await bed.artifacts.read(made.outputs['artifact-name'] ?? '');
  const other = await bed.database.createDatabase('forged');
  await bed.database.query('CREATE TABLE forged (id int)', { database: 'forged' });
  const fake = await bed.backup({ inputs: { 'connection-string': other, 'backup-name': 'shop' } });
  expectSuccess(fake);
  forged = await bed.artifacts.read(fake.outputs['artifact-name'] ?? '');
  await clear();
});
afterAll(() => bed.stop());
afterEach(() => clear());

/** Takes every artifact out of the repository. */
async function clear(): Promise<void> {
  for (const { id, repository } of [...bed.artifacts.artifacts(), ...bed.artifacts.records()]) {
    await fetch(`${bed.artifacts.apiUrl}/repos/${repository}/actions/artifacts/${id}`, {
      method: 'DELETE',
      headers: {
        authorization: `Bearer ${bed.artifacts.tokenFor({ repositories: [repository], actions: 'write' })}`,
      },
    });
  }
}

function seed(hoursAgo: number, more: Partial<Seed> = {}): Promise<ArtifactRecord> {
  const createdAt = hoursBefore(hoursAgo);
  const time = createdAt.toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
  return bed.artifacts.seed({
    name: `shop-${time}-01234567.bak`,
    content: real,
    createdAt,
    ...more,
  });
}
/** What a pull request from a fork leaves in the repository. */
const forge = (hoursAgo: number, more: Partial<Seed> = {}): Promise<ArtifactRecord> =>
  seed(hoursAgo, { content: forged, headRepository: FORK, ...more });

async function restore(inputs: Record<string, string>): Promise<{ target: string; run: ActionRun }> {
  targets += 1;
  const target = `target_${targets}`;
  const into = await bed.database.createDatabase(target);
  return { target, run: await bed.restore({ inputs: { 'connection-string': into, ...inputs } }) };
}

describe('an artifact of a pull request from a fork', () => {
  it('is not the latest backup', async () => {
    await seed(240);
    await forge(1);
    await forge(0.5, { headRepository: '' });
    for (const inputs of [{}, { 'backup-name': 'shop' }]) {
      const { target, run } = await restore(inputs);
      expectSuccess(run);
      expect(run.log).toContain(IGNORED(2));
      expect(await countRows(bed.database, target)).toEqual(shop);
    }
  });

  it('is refused by its name and by its id, and nothing of it is downloaded', async () => {
    const { id, name } = await forge(1);
    for (const backup of [name, String(id)]) {
      const { run } = await restore({ backup });
      expectFailedRestore(
        run,
        /was made by a pull request from a fork[^]*It is no backup of this repository/,
      );
    }
    const { run } = await restore({});
    expectFailedRestore(run, /none is a backup of this action\. Ignored 1 artifact/);
    expect(bed.artifacts.requests.filter(({ path }) => path.endsWith(`${id}/zip`))).toEqual([]);
  });

  it('gives way to the real one of the same name', async () => {
    const { name } = await seed(2);
    await forge(2, { name });
    const { run } = await restore({ backup: name });
    expectSuccess(run);
  });

  it('of which GitHub no longer tells whose code made it is refused as well', async () => {
    const { id } = await forge(1, { headRepository: '' });
    const { run } = await restore({ backup: String(id) });
    expectFailedRestore(run, /GitHub does not tell whose code made it/);
  });

  it('is a backup in the repository that the code is of', async () => {
    const token = bed.artifacts.tokenFor({ repositories: [FORK], actions: 'read' });
    await seed(1, { repository: FORK });
    const { run } = await restore({ repository: FORK, 'github-token': token });
    expectSuccess(run);
  });

  it('is a backup for the run itself that made it', async () => {
    const { id } = await seed(1, {
      headRepository: FORK,
      runId: 1,
      jobBackendId: '00000000-0000-4000-9000-000000000001',
    });
    for (const inputs of [{}, { backup: String(id) }]) expectSuccess((await restore(inputs)).run);
  });

  it('that is not encrypted is refused where a key says that backups are', async () => {
    const { name } = await seed(1);
    const passphrase = 'correct horse battery staple';
    const into = await bed.database.createDatabase(`target_${++targets}`);
    for (const backup of ['latest', name]) {
      const run = await bed.restore({
        inputs: { 'connection-string': into, backup, 'age-passphrase': passphrase },
        secrets: [passphrase],
      });
      expectFailedRestore(
        run,
        /The backup is not encrypted, although "age-identity" or "age-passphrase" is set/,
      );
    }
  });

  it('does not make the check of an old backup green', async () => {
    await seed(240);
    await forge(1, { content: real });
    const run = await runOnSeries('check', bed.artifacts);
    expectColour(run, /the newest backup is 240 h/);
    expect(run.log).toContain(IGNORED(1));
    expect(run.summary).toContain('Ignored 1 artifact');
    expect(run.outputs['count']).toBe('1');
  });

  it('does not count for prune, which leaves it alone', async () => {
    const oldest = await seed(100);
    const kept = [await seed(3), await seed(2)];
    const foreign = [await forge(1), await forge(0.5)];
    const run = await runOnSeries('prune', bed.artifacts, { inputs: { 'keep-last': '2' } });
    expectColour(run);
    expect(JSON.parse(run.outputs['deleted'] ?? '')).toEqual([oldest.name]);
    expect(bed.artifacts.artifacts().map(({ id }) => id)).toEqual([...kept, ...foreign].map(({ id }) => id));
    expect(run.summary).toContain('Ignored 2 artifacts');
  });

  it('is not what an unchanged database is compared with', async () => {
    await forge(1, { content: 'junk' });
    const run = await bed.backup({ inputs: { 'connection-string': url, 'if-unchanged': 'skip' } });
    expectSuccess(run);
    expect(run.outputs['unchanged']).toBe('false');
    expect(run.log).toContain(IGNORED(1));
    expect(run.summary).toContain('Ignored 1 artifact');
  });

  it('is not what a backup is found far smaller than', async () => {
    await forge(1, { content: Buffer.alloc(5_000_000) });
    const run = await bed.backup({ inputs: { 'connection-string': url } });
    expectSuccess(run);
    expect(run.annotations).toEqual([]);
  });
});
