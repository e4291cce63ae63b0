import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CancelledError } from '../../../src/errors.ts';
import { deleteArtifact } from '../../../src/storage/artifact/delete-artifact.ts';
import { type RepositoryAccess, connectToGitHub } from '../../../src/github/github-api.ts';
import { lastPublicPush } from '../../../src/github/last-push.ts';
import { type LocatedSeries, findSeries } from '../../../src/storage/artifact/series.ts';
import { type ArtifactService, type Seed, startArtifactService } from '../../support/artifact-service.ts';
import { captureOutput } from '../../support/captured-output.ts';
import type { ArtifactRecord } from '../../support/artifact-service-records.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { accessTo, backupFile, hoursBefore, until } from './store-bed.ts';

captureOutput();

let service: ArtifactService;
beforeEach(async () => {
  service = await startArtifactService();
});
afterEach(async () => {
  await service.stop();
});

const seed = (series: string, hoursAgo: number, more: Partial<Seed> = {}): Promise<ArtifactRecord> =>
  service.seed({
    name: backupFile(series, hoursAgo),
    content: 'PGDMP'.padEnd(100),
    createdAt: hoursBefore(hoursAgo),
    ...more,
  });
const find = async (
  changes: Partial<RepositoryAccess> = {},
  permission: 'read' | 'write' = 'read',
): Promise<LocatedSeries> =>
  findSeries(await connectToGitHub(accessTo(service, changes)), 'shop', permission);
const tokenThatMay = (actions: 'none' | 'read'): string =>
  service.tokenFor({ repositories: [service.repository], actions });

describe('a series', () => {
  it('contains the backups with exactly its name, the newest first, whatever else is stored', async () => {
    const { id: old } = await seed('shop', 30);
    await seed('shop-eu', 2);
    await seed('my-shop', 2);
    await seed('Shop', 2);
    const { id: newest } = await seed('shop', 1, { name: backupFile('shop', 1, '.age') });
    const { id: middle } = await seed('shop', 5);
    await service.seed({ name: 'shop', content: 'x' });
    await service.seed({ name: 'shop-20269999T000000Z-01234567.bak', content: 'x' });
    const { backups, others, lookedAt } = await find();
    expect(backups.map(({ artifact }) => artifact.id)).toEqual([newest, middle, old]);
    expect([...others].sort()).toEqual(['Shop', 'my-shop', 'shop-eu']);
    expect(lookedAt).toBeUndefined();
  });

  it('contains no expired backups', async () => {
    await seed('shop', 30, { expiresAt: hoursBefore(1) });
    await seed('blog', 30, { expiresAt: hoursBefore(1) });
    expect(await find()).toEqual({
      backupName: 'shop',
      backups: [],
      unfinished: [],
      others: [],
      ignored: undefined,
      lookedAt: undefined,
      answeredAt: expect.any(Date),
    });
  });

  it('is found over all pages', async () => {
    for (let hours = 0; hours < 65; hours++) await seed('shop', hours);
    for (let number = 0; number < 90; number++) await service.seed({ name: `log-${number}`, content: 'x' });
    const { backups } = await find();
    expect(backups).toHaveLength(65);
    expect(service.requests).toHaveLength(3);
  });

  it('is an error that names the missing permission if the token cannot list it', async () => {
    const token = tokenThatMay('none');
    expect((await userErrorOf(find({ token }))).hint).toContain('actions: read');
    expect((await userErrorOf(find({ token }, 'write'))).hint).toContain('actions: write');
    const elsewhere = service.tokenFor({ repositories: ['example/other'], actions: 'write' });
    expect((await userErrorOf(find({ token: elsewhere }))).message).toContain('404');
    expect((await userErrorOf(find({ token: '' }))).message).toContain('github-token is empty');
  });
});

describe('a deletion', () => {
  const remove = async (id: number, changes: Partial<RepositoryAccess> = {}): Promise<void> =>
    deleteArtifact(await connectToGitHub(accessTo(service, changes)), id);

  it('deletes one artifact, and no other', async () => {
    const { id } = await seed('shop', 2);
    const { id: other } = await seed('shop', 1);
    await remove(id);
    expect(service.artifacts().map((artifact) => artifact.id)).toEqual([other]);
  });

  it('succeeds if the artifact does not exist any more', async () => {
    const { id } = await seed('shop', 2);
    await remove(id);
    await remove(id);
    service.faults = { restDelete: { answer: 410 } };
    await remove(id);
  });

  it('is an error that names the permission if it is not allowed', async () => {
    const { id } = await seed('shop', 2);
    const { message, hint } = await userErrorOf(remove(id, { token: tokenThatMay('read') }));
    expect(message).toContain('lacks the permission to delete the artifacts of example/shop');
    expect(hint).toContain('actions: write');
    expect(service.artifacts()).toHaveLength(1);
  });

  it('is tried again after a failure, and waits for the end of a rate limit', async () => {
    const { id } = await seed('shop', 2);
    service.faults = { restDelete: { answer: 'reset', times: 1 } };
    await remove(id);
    const { id: next } = await seed('shop', 2);
    const limit = { status: 429, headers: { 'retry-after': '1' } };
    service.faults = { restDelete: { answer: limit, times: 1 } };
    await remove(next);
    expect(service.artifacts()).toEqual([]);
  });

  it('ends when the job is cancelled', async () => {
    const { id } = await seed('shop', 2);
    service.faults = { restDelete: { answer: 'hang' } };
    const controller = new AbortController();
    const rejected = expect(remove(id, { signal: controller.signal })).rejects.toThrow(CancelledError);
    await until(() => service.requests.length > 0);
    controller.abort(new CancelledError('SIGINT'));
    await rejected;
  });
});

describe('the last push', () => {
  const asked = async (changes: Partial<RepositoryAccess> = {}): Promise<Date | undefined> =>
    lastPublicPush(await connectToGitHub(accessTo(service, changes)));

  it('is known only for a public repository, whatever the token allows', async () => {
    service.pushedAt = new Date('2026-09-01T00:00:00Z');
    expect(await asked()).toBeUndefined();
    service.visibility = 'public';
    expect(await asked({ token: tokenThatMay('none') })).toEqual(service.pushedAt);
  });

  it('is unknown without an error if GitHub does not return it', async () => {
    service.visibility = 'public';
    service.faults = { rest: { answer: 500 } };
    expect(await asked()).toBeUndefined();
    service.faults = { rest: { answer: 403 } };
    expect(await asked()).toBeUndefined();
  });
});
