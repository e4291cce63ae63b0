import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CancelledError } from '../../src/errors.ts';
import { downloadProgress } from '../../src/storage/download-progress.ts';
import { type DownloadedFile, type DownloadOptions, downloadBackup } from '../../src/storage/download.ts';
import { exactLength } from '../../src/storage/exact-length.ts';
import { artifactReader } from '../../src/storage/artifact/artifact-reader.ts';
import type { RepositoryAccess } from '../../src/github/github-api.ts';
import type { RetryLimits } from '../../src/runner/retry-policy.ts';
import { type ArtifactService, type Seed, startArtifactService } from '../support/artifact-service.ts';
import { captureOutput } from '../support/captured-output.ts';
import { userErrorOf } from '../support/user-error.ts';
import { HASTE, IMPATIENCE, accessTo, backupFile, until } from './artifact/store-bed.ts';

let service: ArtifactService;
let folder: string;
const output = captureOutput();
beforeAll(async () => {
  service = await startArtifactService();
});
afterAll(async () => {
  await service.stop();
});
beforeEach(async () => {
  service.faults = {};
  folder = await mkdtemp(path.join(tmpdir(), 'download-'));
});
afterEach(() => rm(folder, { recursive: true }));

const CONTENT = Buffer.concat([Buffer.from('PGDMP'), randomBytes(3_000_000)]);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

/** Seeds a backup, finds it and downloads it. */
async function download(
  changes: Partial<Seed> = {},
  options: Partial<DownloadOptions> = {},
  access: Partial<RepositoryAccess> = {},
): Promise<DownloadedFile> {
  const { id } = await service.seed({ name: backupFile('shop', 1), content: CONTENT, ...changes });
  const { signal } = new AbortController();
  const limits = { signal, retries: IMPATIENCE, ...options };
  const store = artifactReader({ ...accessTo(service, { ...limits, ...access }), permission: 'read' });
  return downloadBackup(store, await store.find({ kind: 'id', id }), { folder, ...limits });
}
const retriesWith = (fault: unknown): RetryLimits =>
  fault === 'stall' || fault === 'hang' ? HASTE : IMPATIENCE;
const blobRequests = (): number => service.requests.filter(({ point }) => point === 'blobGet').length;

describe('a download', () => {
  it('is the artifact in a file that only its owner can read, whatever path the artifact’s name contains', async () => {
    const { path: file, size, sha256 } = await download({ name: '../../escaped.bak' });
    expect(file).toBe(path.join(folder, 'downloaded'));
    expect({ size, sha256 }).toEqual({ size: CONTENT.length, sha256: SHA256 });
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(output.text).toMatch(/Downloaded 3.0 MB in .*; size and SHA-256 match those that were recorded/);
    expect(output.text).not.toContain('sig=');
  });

  it('needs no permission for an artifact of any job of this run', async () => {
    const token = service.tokenFor({ repositories: [service.repository], actions: 'none' });
    const { sha256 } = await download({ runId: 1 }, {}, { token });
    expect(sha256).toBe(SHA256);
  });

  it('is checked by its size if no SHA-256 was recorded, and the log says so', async () => {
    expect((await download({ digest: '' })).sha256).toBe(SHA256);
    expect(output.text).toContain('no SHA-256 was recorded');
  });

  it('can be empty', async () => {
    expect((await download({ content: '' })).size).toBe(0);
  });

  it('never sends the token to the storage', async () => {
    await download();
    expect(service.requests.at(-2)).toMatchObject({ point: 'rest', hasAuthorization: true });
    expect(service.requests.at(-1)).toMatchObject({ point: 'blobGet', hasAuthorization: false });
  });
});

describe('a download that differs from the record of the service', () => {
  it.each([
    ['a damaged one', { blobGet: { answer: 'corrupt' } }, {}],
    ['one with another digest', {}, { digest: `sha256:${'0'.repeat(64)}` }],
  ] as const)('is refused and removed, without another attempt: %s', async (_, faults, seed) => {
    service.faults = faults;
    const before = blobRequests();
    const { message, hint } = await userErrorOf(download(seed));
    expect(message).toMatch(/The download of shop-.* does not match what was recorded: its SHA-256 is/);
    expect(hint).toContain('use another backup');
    expect(await readdir(folder)).toEqual([]);
    expect(blobRequests()).toBe(before + 1);
  });

  it('is refused if it is too long, before it fills the disk', async () => {
    const { id } = await service.seed({ name: 'long.bak', content: CONTENT });
    const { signal } = new AbortController();
    const reader = artifactReader({ ...accessTo(service), permission: 'read' });
    const found = await reader.find({ kind: 'id', id });
    const store = {
      open: async () => Readable.from(exactLength(await reader.open(found), 1_000), { objectMode: false }),
    };
    const { message } = await userErrorOf(downloadBackup(store, found, { folder, signal }));
    expect(message).toContain('longer than the 1000 bytes that were recorded');
    expect(await readdir(folder)).toEqual([]);
  });

  it('is refused if it is a zip file of another action', async () => {
    for (const content of ['PK\x03\x04 and a member', 'PK\x05\x06']) {
      const { message, hint } = await userErrorOf(download({ content, mimeType: 'application/zip' }));
      expect(message).toMatch(/the artifact shop-.* is a zip file/);
      expect(hint).toMatch(/actions\/download-artifact.*path/);
    }
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a download that fails (thorough)', () => {
  it.each(['reset', 'truncate', 'stall', 'hang', 403, 503] as const)(
    'is started again: %s',
    async (answer) => {
      service.faults = { blobGet: { answer, times: 1 } };
      expect((await download({}, { retries: retriesWith(answer) })).sha256).toBe(SHA256);
      expect(output.text).toContain('Trying again');
    },
  );

  it.each([
    ['reset', /terminated|closed|ECONNRESET/],
    ['truncate', /ended after 1500002 of 3000005 bytes/],
    ['stall', /no data was received for 3\.0 s/],
    ['hang', /no data was received for 3\.0 s/],
    [503, /the storage answered with 503/],
  ] as const)('is an error after the last attempt, and leaves no file: %s', async (answer, reason) => {
    service.faults = { blobGet: { answer } };
    const before = blobRequests();
    const { message } = await userErrorOf(download({}, { retries: retriesWith(answer) }));
    expect(message).toMatch(/^shop-.* could not be downloaded: /);
    expect(message).toMatch(reason);
    expect(await readdir(folder)).toEqual([]);
    expect(blobRequests()).toBe(before + IMPATIENCE.attempts);
  });

  it.each(['stall', 'hang'] as const)('leaves no file if the job is cancelled: %s', async (answer) => {
    service.faults = { blobGet: { answer } };
    const controller = new AbortController();
    const before = blobRequests();
    const retries = { ...IMPATIENCE, attemptMs: 600_000 };
    const rejected = expect(download({}, { signal: controller.signal, retries })).rejects.toThrow(
      CancelledError,
    );
    await until(() => blobRequests() > before);
    controller.abort(new CancelledError('SIGINT'));
    await rejected;
    expect(await readdir(folder)).toEqual([]);
    expect(output.text).not.toContain('Trying again');
  });

  it('says that the artifact has expired meanwhile', async () => {
    const record = await service.seed({ name: backupFile('shop', 2), content: CONTENT });
    const { signal } = new AbortController();
    const store = artifactReader({ ...accessTo(service), permission: 'read' });
    const found = await store.find({ kind: 'id', id: record.id });
    service.faults = { rest: { answer: { status: 410, message: 'Artifact has expired' } } };
    const { message } = await userErrorOf(downloadBackup(store, found, { folder, signal }));
    expect(message).toContain('has expired');
  });

  it('says that the disk is full or cannot be written', async () => {
    const { message, hint } = await userErrorOf(download({}, { folder: path.join(folder, 'missing') }));
    expect(message).toMatch(/could not be written to the disk of the runner: ENOENT/);
    expect(hint).toContain('space');
  });
});

describe('the progress of a download', () => {
  it('contains the share, the rate and the time left', () => {
    expect(downloadProgress(250_000_000, 1_000_000_000, 5_000)).toBe(
      '   25 %  250 MB of 1.0 GB  50 MB/s  about 15 s left',
    );
    expect(downloadProgress(0, 1_000_000_000, 5_000)).toBe('    0 %  0 bytes of 1.0 GB');
  });
});
