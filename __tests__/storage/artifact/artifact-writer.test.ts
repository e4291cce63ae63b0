import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { artifactWriter } from '../../../src/storage/artifact/artifact-writer.ts';
import type { PendingBackup, StoredBackup } from '../../../src/storage/store.ts';
import { type ArtifactService, startArtifactService } from '../../support/artifact-service.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { recordFor } from '../../support/seeded-record.ts';
import { processSettings } from './store-bed.ts';

const output = captureOutput();

let service: ArtifactService;
let folder: string;
let backups = 0;
beforeAll(async () => {
  service = await startArtifactService();
  folder = await mkdtemp(path.join(tmpdir(), 'artifact-writer-'));
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});
afterEach(() => {
  service.faults = {};
});

const factsOf = (content: Buffer) => ({
  size: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});
const newName = (): string => `shop-20261127T040000Z-${String((backups += 1)).padStart(8, '0')}.bak`;
const CONTENT = Buffer.from('an archive');

/** A backup that has all its bytes. */
async function begun(
  name: string,
  content = CONTENT,
  signal = new AbortController().signal,
): Promise<PendingBackup> {
  const pending = await artifactWriter(processSettings(service, folder)).begin(name, {
    databaseBytes: 1,
    signal,
  });
  await pipeline([content], pending.sink);
  return pending;
}

async function stored(name: string, content = CONTENT): Promise<StoredBackup> {
  const pending = await begun(name, content);
  await pending.commit(factsOf(content));
  return pending.finish(recordFor(name, content));
}

const seen = (): string[] => [...service.artifacts(), ...service.records()].map(({ name }) => name);

describe('a backup on its way into the artifact storage', () => {
  it('is an artifact of its name, and a record', async () => {
    const name = newName();
    const { location } = await stored(name);
    expect(output.text).toContain('size and SHA-256 match the verified file');
    // The client of GitHub masks it before it prints it for debugging.
    expect(output.text.replaceAll(/^::debug::.*\n/gm, '')).not.toContain('sig=');
    expect(service.artifacts().at(-1)).toMatchObject({
      id: location.kind === 'artifact' ? location.id : undefined,
      name,
      digest: `sha256:${factsOf(CONTENT).sha256}`,
    });
    const record: unknown = JSON.parse((await service.read(`${name}.json`)).toString());
    expect(record).toEqual(recordFor(name, CONTENT));
  });

  it('has a record of its own type, which expires with it', async () => {
    const name = newName();
    const { expiresAt } = await stored(name);
    const record = service.records().find((found) => found.name === `${name}.json`);
    expect(record).toMatchObject({ mimeType: 'application/json', version: 7 });
    const artifact = service.artifacts().at(-1);
    expect(record?.expiresAt.getTime()).toBeCloseTo(artifact?.expiresAt.getTime() ?? 0, -5);
    expect(record?.expiresAt.getTime()).toBeCloseTo(expiresAt?.getTime() ?? 0, -5);
  });

  it('has its record in a file that only its user can read', async () => {
    const name = newName();
    await stored(name);
    expect((await stat(path.join(folder, `${name}.json`))).mode & 0o777).toBe(0o600);
  });

  it('folds what the client of GitHub prints of the record', async () => {
    const name = newName();
    await stored(name);
    expect(output.text).toMatch(
      new RegExp(
        `::group::Uploading the record\\n[^]*Artifact ${name}.json successfully finalized[^]*::endgroup::`,
      ),
    );
  });

  it('of several blocks has every byte, in order, and at most four are sent at once', async () => {
    const content = randomBytes(60_000_000);
    const name = newName();
    await stored(name, content);
    expect(content.equals(await service.read(name))).toBe(true);
  });

  it('cannot be seen before it is committed, nor after it was aborted', async () => {
    const name = newName();
    const pending = await begun(name);
    expect(seen()).not.toContain(name);
    await pending.abort();
    expect(seen()).not.toContain(name);
  });

  it('is deleted when it is aborted between commit and record', async () => {
    const name = newName();
    const pending = await begun(name);
    await pending.commit(factsOf(CONTENT));
    expect(seen()).toContain(name);
    await pending.abort();
    expect(seen()).not.toContain(name);
  });

  it('is deleted, file and record, when the record cannot be finalized', async () => {
    const name = newName();
    const pending = await begun(name);
    await pending.commit(factsOf(CONTENT));
    service.faults = { finalizeArtifact: { answer: 403 } };
    await expect(pending.finish(recordFor(name, CONTENT))).rejects.toMatchObject({
      message: expect.stringMatching(/could not be uploaded: .*\(403\).* The artifact was deleted\.$/),
    });
    expect(seen()).not.toContain(name);
    expect(seen()).not.toContain(`${name}.json`);
  });

  it('is deleted when its record has no file', async () => {
    const name = newName();
    const missing = path.join(folder, 'missing');
    const settings = { ...processSettings(service, folder), folder: missing };
    const pending = await artifactWriter(settings).begin(name, {
      databaseBytes: 1,
      signal: new AbortController().signal,
    });
    await pipeline([CONTENT], pending.sink);
    await pending.commit(factsOf(CONTENT));
    await expect(pending.finish(recordFor(name, CONTENT))).rejects.toMatchObject({
      message: expect.stringMatching(
        /^The record of the backup could not be written to .*ENOENT.* The artifact was deleted\.$/,
      ),
      hint: expect.stringContaining('enough space'),
    });
    expect(seen()).not.toContain(name);
  });

  it('is deleted at once when the job is cancelled while its record is uploaded', async () => {
    const name = newName();
    const cancelled = new AbortController();
    const pending = await begun(name, CONTENT, cancelled.signal);
    await pending.commit(factsOf(CONTENT));
    service.faults = { blobPut: { answer: 'hang' } };
    const struck = service.struck();
    const finishing = pending.finish(recordFor(name, CONTENT));
    await struck;
    cancelled.abort(new Error('cancelled'));
    await expect(finishing).rejects.toThrow('cancelled');
    expect(seen()).not.toContain(name);
  });

  it('is deleted when it is aborted after it was finished, because another store has failed', async () => {
    const name = newName();
    const pending = await begun(name);
    await pending.commit(factsOf(CONTENT));
    await pending.finish(recordFor(name, CONTENT));
    expect(seen()).toEqual(expect.arrayContaining([name, `${name}.json`]));
    await pending.abort();
    expect(seen()).not.toContain(name);
    expect(seen()).not.toContain(`${name}.json`);
  });

  it('that is finished and cannot be deleted is named when it is aborted', async () => {
    const name = newName();
    const pending = await begun(name);
    await pending.commit(factsOf(CONTENT));
    await pending.finish(recordFor(name, CONTENT));
    service.faults = { deleteArtifact: { answer: 403 } };
    await expect(pending.abort()).rejects.toThrow(/could not be deleted \(.*403.*\): do not restore from it/);
  });

  it('that is not what was verified is deleted', async () => {
    const name = newName();
    const pending = await begun(name);
    const facts = { ...factsOf(CONTENT), sha256: '0'.repeat(64) };
    await expect(pending.commit(facts)).rejects.toMatchObject({
      message: expect.stringMatching(/differs from the verified file.*deleted/),
    });
    expect(seen()).not.toContain(name);
  });

  it('that is wrong and cannot be deleted is told of as what must not be used', async () => {
    const name = newName();
    const pending = await begun(name);
    service.faults = { deleteArtifact: { answer: 403 } };
    await expect(pending.commit({ ...factsOf(CONTENT), sha256: '0'.repeat(64) })).rejects.toMatchObject({
      message: expect.stringMatching(/could not be deleted \(.*403.*\): do not restore from it/),
      hint: expect.stringContaining('Delete the artifact on the page of this run'),
    });
    expect(seen()).toContain(name);
  });

  it('is deleted when the job is cancelled while the stored copy is read back', async () => {
    const name = newName();
    const cancelled = new AbortController();
    const pending = await begun(name, CONTENT, cancelled.signal);
    service.faults = { blobGet: { answer: 'stall' } };
    const struck = service.struck();
    const committing = pending.commit(factsOf(CONTENT));
    await struck;
    cancelled.abort(new Error('cancelled'));
    await expect(committing).rejects.toThrow('cancelled');
    expect(seen()).not.toContain(name);
  });

  it('of no bytes is refused', async () => {
    const pending = await begun(newName(), Buffer.alloc(0));
    await expect(pending.commit(factsOf(Buffer.alloc(0)))).rejects.toThrow('empty');
  });

  it('is sent again, block by block, where the storage got something else', async () => {
    service.faults = { blobPut: { answer: 'corrupt', times: 1 } };
    const content = randomBytes(20_000_000);
    const name = newName();
    await stored(name, content);
    expect(content.equals(await service.read(name))).toBe(true);
  });

  it('ends at once when its signal is aborted, though the storage never answers', async () => {
    service.faults = { blobPut: { answer: 'hang' } };
    const cancelled = new AbortController();
    const struck = service.struck();
    const sending = begun(newName(), randomBytes(10_000_000), cancelled.signal);
    await struck;
    cancelled.abort(new Error('cancelled'));
    await expect(sending).rejects.toThrow('cancelled');
  });

  it('takes no more than it can send', async () => {
    service.faults = { blobPut: { answer: 'hang' } };
    const pending = await artifactWriter(processSettings(service, folder)).begin(newName(), {
      databaseBytes: 1,
      signal: new AbortController().signal,
    });
    const mebibyte = Buffer.alloc(1024 * 1024);
    let taken = 0;
    while (taken < 100 && pending.sink.write(mebibyte)) taken += 1;
    await new Promise((resolve) => setTimeout(resolve, 300));
    while (taken < 100 && !pending.sink.writableNeedDrain && pending.sink.write(mebibyte)) taken += 1;
    expect(taken).toBeLessThanOrEqual(41);
    await pending.abort();
  });

  it('that was finalized although it failed is taken back', async () => {
    service.faults = { finalizeArtifact: { answer: 'lost' } };
    const name = newName();
    const pending = await begun(name);
    await expect(pending.commit(factsOf(CONTENT))).rejects.toMatchObject({
      message: expect.stringMatching(/could not be uploaded: .* The artifact was deleted\.$/),
    });
    expect(seen()).not.toContain(name);
  });

  it('under a name that the run has already is refused, and the other one stays', async () => {
    const name = newName();
    await stored(name);
    await expect(begun(name)).rejects.toMatchObject({ message: expect.stringContaining('409') });
    expect(seen()).toContain(name);
  });
});
