import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CancelledError } from '../../../src/errors.ts';
import { findBackup } from '../../../src/storage/artifact/find-backup.ts';
import type { Located } from '../../../src/storage/artifact/stored-artifact.ts';
import type { RepositoryAccess } from '../../../src/github/github-api.ts';
import type { WantedBackup } from '../../../src/storage/wanted-backup.ts';
import { type ArtifactService, type Seed, startArtifactService } from '../../support/artifact-service.ts';
import { captureOutput } from '../../support/captured-output.ts';
import type { ArtifactRecord } from '../../support/artifact-service-records.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { accessTo, backupFile, environmentOf, hoursBefore, until } from './store-bed.ts';

let service: ArtifactService;
const output = captureOutput();
beforeEach(async () => {
  service = await startArtifactService();
});
afterEach(async () => {
  await service.stop();
});

const OWN_RUN = 1;
/** A backup of a series, made so many hours ago. */
const seed = (series: string, hoursAgo: number, more: Partial<Seed> = {}): Promise<ArtifactRecord> =>
  service.seed({
    name: backupFile(series, hoursAgo),
    content: `PGDMP of ${series}`.padEnd(100),
    createdAt: hoursBefore(hoursAgo),
    ...more,
  });
const find = (wanted: WantedBackup, changes: Partial<RepositoryAccess> = {}): Promise<Located> =>
  findBackup(wanted, accessTo(service, changes));
const latest = (backupName?: string): WantedBackup => ({ kind: 'latest', backupName });
const idOf = async (found: Promise<Located>): Promise<number> => (await found).artifact.id;
const restRequests = (): number => service.requests.filter(({ point }) => point === 'rest').length;

describe('the latest backup', () => {
  it('is the newest of its series, whatever else is stored', async () => {
    await seed('shop', 30);
    const { id, runId, digest } = await seed('shop', 3);
    await seed('shop-eu', 2);
    await service.seed({ name: 'build-output', content: 'PK' });
    const { artifact } = await find(latest('shop'));
    expect(artifact).toMatchObject({ id, runId, digest: digest.replace('sha256:', ''), expired: false });
    expect(artifact.backup).toMatchObject({ backupName: 'shop', encrypted: false });
    expect(artifact.size).toBe(100);
    expect(artifact.expiresAt?.getTime()).toBeGreaterThan(Date.now());
  });

  it('is the newest by its time, even if GitHub lists another one first', async () => {
    const { id } = await seed('shop', 1);
    for (let hours = 200; hours < 320; hours++) await seed('shop', hours);
    expect(await idOf(find(latest('shop')))).toBe(id);
  });

  it('is found behind more artifacts than fit on one page, and no page is read after it', async () => {
    await seed('shop', 600);
    const { id } = await seed('shop', 500);
    for (let older = 150; older > 0; older--) {
      await service.seed({ name: `log-${older}`, content: 'x', createdAt: hoursBefore(older) });
    }
    expect(await idOf(find(latest('shop')))).toBe(id);
    expect(restRequests()).toBe(2);
    await seed('shop', 0.5);
    await find(latest('shop'));
    expect(restRequests()).toBe(3);
  });

  it('has never expired', async () => {
    const { id } = await seed('shop', 40);
    await seed('shop', 20, { expiresAt: hoursBefore(1) });
    expect(await idOf(find(latest('shop')))).toBe(id);
  });

  it('can be encrypted', async () => {
    await service.seed({ name: backupFile('shop', 1, '.age'), content: 'age'.padEnd(100) });
    expect((await find(latest('shop'))).artifact.backup?.encrypted).toBe(true);
  });

  it('needs no name if there is only one series', async () => {
    const { id } = await seed('shop', 3);
    await seed('blog', 2, { expiresAt: hoursBefore(1) });
    expect(await idOf(find(latest()))).toBe(id);
  });

  it('needs a name if there are several series, and the error lists them', async () => {
    await seed('shop', 50.1);
    await seed('shop', 3.1);
    await seed('blog', 75.1);
    const error = await userErrorOf(find(latest()));
    expect(error.message).toMatch(
      /backup-name: example\/shop contains backups of 2 series: shop \(the newest is 3 h \d+ min old\); blog \(the newest is 3 days old\)/,
    );
    expect(error.hint).toContain('backup-name');
  });

  it('needs no permission if this run has made it; the log says that only the run was searched', async () => {
    await seed('shop', 3);
    const { id } = await seed('shop', 0.1, { runId: OWN_RUN });
    const token = service.tokenFor({ repositories: [service.repository], actions: 'none' });
    for (const name of [latest('shop'), latest()]) expect(await idOf(find(name, { token }))).toBe(id);
    expect(output.text).toMatch(/Only the artifacts of this run were searched.*Resource not accessible/);
    expect(await idOf(find(latest('shop'), { token: '' }))).toBe(id);
  });

  it("is the newest of this run's and the other runs' backups", async () => {
    const own = await seed('shop', 3, { runId: OWN_RUN });
    const { artifact } = await find(latest('shop'));
    expect(artifact).toMatchObject({ id: own.id, expiresAt: expect.any(Date) });
    const { id } = await seed('shop', 1);
    expect(await idOf(find(latest('shop')))).toBe(id);
  });

  it('is not searched for in this run if it is in another repository', async () => {
    await seed('shop', 1, { runId: OWN_RUN });
    const { id } = await seed('shop', 9, { repository: 'example/archive' });
    const token = service.tokenFor({ repositories: ['example/archive'], actions: 'read' });
    const repository = { owner: 'example', repo: 'archive' };
    const found = await find(latest('shop'), { repository, isOwnRepository: false, token });
    expect(found.artifact.id).toBe(id);
    expect(service.requests.every(({ point }) => point === 'rest')).toBe(true);
  });
});

describe('a backup by name or id', () => {
  it('is found in any run', async () => {
    const { id, name } = await seed('shop', 3);
    await seed('shop', 2);
    expect(await idOf(find({ kind: 'name', name }))).toBe(id);
    expect(await idOf(find({ kind: 'id', id }))).toBe(id);
  });

  it('is the newest of its name, because names are unique only within a run', async () => {
    await service.seed({ name: 'mine.bak', content: 'a', createdAt: hoursBefore(9) });
    const { id } = await service.seed({ name: 'mine.bak', content: 'b', createdAt: hoursBefore(1) });
    await service.seed({ name: 'mine.bak', content: 'c', createdAt: hoursBefore(5) });
    const { artifact } = await find({ kind: 'name', name: 'mine.bak' });
    expect(artifact).toMatchObject({ id, backup: undefined });
  });

  it('is found without asking GitHub if this run has made it', async () => {
    const { id, name } = await seed('shop', 3, { runId: OWN_RUN });
    expect(await idOf(find({ kind: 'name', name }, { token: '' }))).toBe(id);
    expect(await idOf(find({ kind: 'id', id }, { token: '' }))).toBe(id);
    expect(restRequests()).toBe(0);
  });

  it('is refused after it has expired, with the time', async () => {
    await seed('shop', 3);
    const { id, name } = await seed('shop', 99, { expiresAt: new Date('2026-01-02T03:04:05Z') });
    for (const wanted of [{ kind: 'id', id } as const, { kind: 'name', name } as const]) {
      const error = await userErrorOf(find(wanted));
      expect(error.message).toContain(`${name} (${id}) of example/shop expired on 2026-01-02 03:04 UTC`);
      expect(error.message).toContain(`There are: ${backupFile('shop', 3)}`);
    }
  });

  it('is an unexpired one if another of the same name has expired', async () => {
    const { id } = await service.seed({ name: 'mine.bak', content: 'a', createdAt: hoursBefore(9) });
    await service.seed({ name: 'mine.bak', content: 'b', expiresAt: hoursBefore(1) });
    expect(await idOf(find({ kind: 'name', name: 'mine.bak' }))).toBe(id);
  });
});

describe('a backup that does not exist', () => {
  it.each<[WantedBackup, string]>([
    [latest('blog'), 'backup-name: there is no backup of blog in example/shop.'],
    [{ kind: 'name', name: 'other.bak' }, 'backup: there is no artifact named other.bak in example/shop.'],
    [{ kind: 'id', id: 7 }, 'backup: there is no artifact with the id 7 in example/shop.'],
  ])('is an error that lists the backups that exist: %j', async (wanted, missing) => {
    const expiresAt = new Date('2099-12-21T11:45:00Z');
    const { id } = await seed('shop', 2.1, { expiresAt });
    for (let day = 3; day < 15; day++) await seed('shop-eu', day * 24 + 1);
    await seed('old', 900, { expiresAt: hoursBefore(1) });
    const { message, hint } = await userErrorOf(find(wanted));
    expect(message.replace(/2 h \d+ min/, 'AGE')).toContain(
      `${missing} There are: ${backupFile('shop', 2.1)} (id ${id}, AGE old, 100 bytes, expires 2099-12-21 11:45 UTC); `,
    );
    expect(message).toContain('(id 3000000003, 3 days old, 100 bytes, expires ');
    expect(message.match(/\(id /g)).toHaveLength(3);
    expect(message).toMatch(/; and 10 others\.$/);
    expect(message).not.toContain('old-');
    expect(message).not.toContain('\n');
    expect(hint).toMatch(wanted.kind === 'latest' ? /one of: shop, shop-eu/ : /names or ids/);
  });

  it('is an error that says so if there are no artifacts, or none of this action', async () => {
    expect((await userErrorOf(find(latest()))).message).toBe(
      'backup: there is no backup in example/shop. It has no artifacts.',
    );
    await service.seed({ name: 'build', content: 'x' });
    expect((await userErrorOf(find(latest('shop')))).message).toMatch(
      /It has 1 artifact, and none is a backup of this action\.$/,
    );
    await seed('shop', 40, { expiresAt: new Date('2026-01-02T03:04:05Z') });
    expect((await userErrorOf(find(latest('shop')))).message).toMatch(
      /All have expired: shop-.*expired 2026-01-02 03:04 UTC\)\.$/,
    );
  });
});

describe('a search that GitHub refuses', () => {
  const OTHER = { repository: { owner: 'example', repo: 'secret' }, isOwnRepository: false };

  it('is an explained error for every way to name a backup', async () => {
    await seed('shop', 3);
    const token = service.tokenFor({ repositories: [service.repository], actions: 'none' });
    const ways: WantedBackup[] = [
      latest('shop'),
      latest(),
      { kind: 'name', name: 'a' },
      { kind: 'id', id: 5 },
    ];
    for (const wanted of ways) {
      const { message, hint } = await userErrorOf(find(wanted, { token }));
      expect(message).toContain('lacks the permission to read the artifacts of example/shop');
      expect(hint).toContain('actions: read');
    }
  });

  it('is an error that names an expired token', async () => {
    const { message } = await userErrorOf(find(latest('shop'), { token: 'ghs_expired' }));
    expect(message).toMatch(/^github-token: GitHub does not accept the token \(401: Bad credentials\)/);
    expect((await userErrorOf(find(latest('shop'), { token: '' }))).message).toMatch(
      /^github-token is empty/,
    );
  });

  it('is an error that names a repository that the token cannot see', async () => {
    for (const wanted of [latest('shop'), { kind: 'id', id: 5 } as const]) {
      const { message, hint } = await userErrorOf(find(wanted, OTHER));
      expect(message).toMatch(
        /^repository: example\/secret does not exist, or the token has no access to it/,
      );
      expect(hint).toContain('github-token needs a token with "actions: read"');
    }
  });
});

describe('the search in this run', () => {
  it('is not followed by another search if the job is cancelled meanwhile', async () => {
    service.faults = { listArtifacts: { answer: 'hang' } };
    const controller = new AbortController();
    const found = find(latest('shop'), { signal: controller.signal });
    const rejected = expect(found).rejects.toThrow(CancelledError);
    await until(() => service.requests.length > 0);
    controller.abort(new CancelledError('SIGINT'));
    await rejected;
    expect(output.text).not.toContain('::debug::');
    expect(restRequests()).toBe(0);
  });

  it.each([
    ['there is no runtime token', () => ({ ACTIONS_RUNTIME_TOKEN: '' })],
    ['the token names no run', () => ({ ACTIONS_RUNTIME_TOKEN: 'a.b.c' })],
    ['the address is invalid', () => ({ ACTIONS_RESULTS_URL: 'nowhere' })],
    ['nothing listens at the address', () => ({ ACTIONS_RESULTS_URL: 'http://127.0.0.1:9' })],
  ])('is left out if %s', async (_, changes) => {
    const { id } = await seed('shop', 1, { runId: OWN_RUN });
    const env = { ...environmentOf(service), ...changes() };
    expect(await idOf(find({ kind: 'id', id }, { env }))).toBe(id);
    expect(restRequests()).toBe(1);
  });

  it.each([500, 403, 'corrupt'] as const)('is left out if the service answers %s', async (answer) => {
    const { id } = await seed('shop', 1, { runId: OWN_RUN });
    service.faults = { listArtifacts: { answer } };
    expect(await idOf(find({ kind: 'id', id }))).toBe(id);
    expect(restRequests()).toBe(1);
  });
});
