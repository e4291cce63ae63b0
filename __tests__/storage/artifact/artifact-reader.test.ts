import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RepositoryAccess } from '../../../src/github/github-api.ts';
import { artifactReader } from '../../../src/storage/artifact/artifact-reader.ts';
import { serializeRecord } from '../../../src/storage/record.ts';
import type { BackupReader, StoredFile } from '../../../src/storage/store.ts';
import { type ArtifactService, type Seed, startArtifactService } from '../../support/artifact-service.ts';
import type { ArtifactRecord } from '../../support/artifact-service-records.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { openRecordFor, recordFor } from '../../support/seeded-record.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { HASTE, accessTo, backupFile, hoursBefore } from './store-bed.ts';

const output = captureOutput();
let service: ArtifactService;
beforeEach(async () => {
  service = await startArtifactService();
});
afterEach(async () => {
  await service.stop();
});

const CONTENT = Buffer.from('PGDMP of shop'.padEnd(100));
const NAME = backupFile('shop', 1);
const seed = (hoursAgo: number, more: Partial<Seed> = {}): Promise<ArtifactRecord> =>
  service.seed({
    name: backupFile('shop', hoursAgo),
    content: CONTENT,
    createdAt: hoursBefore(hoursAgo),
    ...more,
  });
const reader = (changes: Partial<RepositoryAccess> = {}): BackupReader =>
  artifactReader({ ...accessTo(service, changes), permission: 'read' });
const idOf = ({ location }: StoredFile): number | undefined =>
  location.kind === 'artifact' ? location.id : undefined;
const latest = { kind: 'latest', backupName: 'shop' } as const;
const withoutPermission = (): Partial<RepositoryAccess> => ({
  token: service.tokenFor({ repositories: [service.repository], actions: 'none' }),
});

describe('the backups of a repository', () => {
  it('are those with an unexpired record, made by the repository’s own code', async () => {
    const { id } = await seed(5);
    await seed(4, { record: 'none' });
    await seed(3, { record: 'none' });
    await service.seed({
      name: `${backupFile('shop', 3)}.json`,
      content: serializeRecord(recordFor(backupFile('shop', 3), CONTENT)),
      headRepository: 'fork/shop',
    });
    const { runId } = await seed(2, { record: 'none' });
    await service.seed({
      ...{ runId, name: `${backupFile('shop', 2)}.json`, content: 'x', expiresAt: hoursBefore(1) },
    });
    const { backups, unfinished, ignored } = await reader().list('shop');
    expect(backups.map(idOf)).toEqual([id]);
    expect(unfinished).toHaveLength(3);
    expect(ignored).toBe('Ignored 3 artifacts named like a backup: 3 unfinished (without a record).');
    expect(idOf(await reader().find(latest))).toBe(id);
  });

  it('have the record of their own run, whatever another run calls an artifact of its', async () => {
    await seed(1, { runId: 7 });
    await service.seed({ name: `${NAME}.json`, content: '{}', runId: 8 });
    const store = reader();
    expect(await store.record(await store.find(latest))).toEqual(recordFor(NAME, CONTENT));
  });

  it('have a page in the run that made them', async () => {
    const { id } = await seed(1, { runId: 3 });
    expect((await reader().find(latest)).location).toMatchObject({
      page: `https://github.com/example/shop/actions/runs/3/artifacts/${id}`,
    });
  });

  it('of this run need no permission, and their records neither', async () => {
    await seed(1, { runId: 1, record: serializeRecord(openRecordFor(NAME, CONTENT)) });
    const store = reader(withoutPermission());
    const found = await store.find(latest);
    expect(await store.record(found)).toEqual(openRecordFor(NAME, CONTENT));
    expect(await buffer(await store.open(found))).toEqual(CONTENT);
  });

  it('have their record also when they are asked for by name or id', async () => {
    const { id } = await seed(1);
    const store = reader();
    for (const wanted of [{ kind: 'name', name: NAME } as const, { kind: 'id', id } as const]) {
      expect(await store.record(await store.find(wanted))).toEqual(recordFor(NAME, CONTENT));
    }
  });
});

describe('an artifact without a record', () => {
  it('can be asked for by its name or id, and says that it has none', async () => {
    const { id } = await seed(1, { record: 'none' });
    await service.seed({ name: 'mine.bak', content: 'PGDMP' });
    const store = reader();
    expect(await store.record(await store.find({ kind: 'id', id }))).toBeUndefined();
    expect(await store.record(await store.find({ kind: 'name', name: 'mine.bak' }))).toBeUndefined();
    expect((await userErrorOf(store.find(latest))).message).toContain('1 unfinished (without a record)');
  });

  it('of this run has none either where nothing else can be listed', async () => {
    await seed(1, { runId: 1, record: 'none' });
    const store = reader(withoutPermission());
    expect(await store.record(await store.find({ kind: 'name', name: NAME }))).toBeUndefined();
  });
});

describe('a record', () => {
  it('that is not that of the file beside it is refused', async () => {
    await seed(1, { record: serializeRecord(recordFor(NAME, Buffer.from('other'))) });
    const store = reader();
    const { message } = await userErrorOf(store.record(await store.find(latest)));
    expect(message).toContain(`The record ${NAME}.json cannot be used: file.size must be`);
  });

  it('is read again when the storage fails once, and named when it keeps failing', async () => {
    await seed(1);
    const store = reader({ retries: HASTE });
    const found = await store.find(latest);
    service.faults = { blobGet: { answer: 'truncate', times: 1 } };
    expect(await store.record(found)).toEqual(recordFor(NAME, CONTENT));
    expect(output.text).toContain('The record: it ended after');
    service.faults = { blobGet: { answer: 503 } };
    expect((await userErrorOf(store.record(found))).message).toContain(
      `${NAME}.json could not be downloaded: the storage answered with 503`,
    );
  });
});

describe('a backup that is removed', () => {
  it('loses its record first, and nothing else goes', async () => {
    const [{ id }] = [await seed(1), await seed(2)];
    const store = reader();
    const [newest] = (await store.list('shop')).backups;
    if (!newest || idOf(newest) !== id) throw new Error('It is not listed.');
    await store.remove(newest);
    expect(service.artifacts()).toHaveLength(1);
    expect(service.records()).toHaveLength(1);
    const deleted = service.requests.filter(({ point }) => point === 'restDelete');
    expect(deleted.map(({ path }) => Number(path.split('/').at(-1)))).toEqual([id + 1, id]);
  });

  it('as unfinished stays when it has a record after all', async () => {
    const { runId } = await seed(30, { record: 'none' });
    const store = reader();
    const [file] = (await store.list('shop')).unfinished;
    if (!file) throw new Error('It is not listed.');
    const { name } = file;
    await service.seed({ name: `${name}.json`, content: serializeRecord(recordFor(name, CONTENT)), runId });
    await store.remove(file);
    expect(service.artifacts()).toHaveLength(1);
  });
});
