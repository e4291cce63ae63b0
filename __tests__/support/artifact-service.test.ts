import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { run } from '../../src/process/run.ts';
import { type ArtifactService, startArtifactService } from './artifact-service.ts';
import { isJsonObject } from './artifact-service-http.ts';
import { REPOSITORY_ROOT, nodeProgram } from './node-program.ts';

let service: ArtifactService;
let folder: string;
let runId = 100;

beforeAll(async () => {
  service = await startArtifactService({ maximumRetentionDays: 90 });
  folder = await mkdtemp(join(tmpdir(), 'artifact-client-'));
});

afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  runId += 1;
  service.faults = {};
  service.digest = undefined;
});

/**
 * Runs the real client in a process of its own, as an action would: `script` is the body of an async function
 * that knows `client`, `name`, `file` and `folder`, and returns plain data.
 */
async function withClient(script: string, file = ''): Promise<{ result?: unknown; error?: string }> {
  const program = `
    import { writeFileSync } from 'node:fs';
    import { DefaultArtifactClient } from '@actions/artifact';
    const { file, folder, answer } = JSON.parse(process.env.TEST);
    const client = new DefaultArtifactClient();
    const outcome = await (async () => { ${script} })().then(
      (result) => ({ result }),
      (error) => ({ error: error.message }),
    );
    writeFileSync(answer, JSON.stringify(outcome));`;
  const answer = join(folder, `answer-${randomBytes(6).toString('hex')}.json`);
  await run(nodeProgram(), ['--input-type=module', '--eval', program], {
    cwd: REPOSITORY_ROOT,
    env: {
      TEST: JSON.stringify({ file, folder, answer }),
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_API_URL: service.apiUrl,
      ACTIONS_RESULTS_URL: service.resultsUrl,
      ACTIONS_RUNTIME_TOKEN: service.runtimeTokenFor(runId),
    },
  });
  const outcome: unknown = JSON.parse(await readFile(answer, 'utf8'));
  if (!isJsonObject(outcome)) throw new Error('The client gave no answer.');
  const { result, error } = outcome;
  return typeof error === 'string' ? { error } : { result };
}

async function someFile(
  name: string,
  bytes = 2_000,
): Promise<{ file: string; content: Buffer; digest: string }> {
  const content = randomBytes(bytes);
  const file = join(folder, name);
  await writeFile(file, content);
  return { file, content, digest: createHash('sha256').update(content).digest('hex') };
}

const UPLOAD =
  'return client.uploadArtifact("ignored", [file], folder, { skipArchive: true, retentionDays: 30 });';

describe('the artifact service, with the real client (thorough)', () => {
  it('stores an unzipped upload under the name of the file, with its digest and the requested retention', async () => {
    const { file, content, digest } = await someFile('shop äö+.bak', 20_000_000);
    const { result } = await withClient(UPLOAD, file);
    const artifact = service.artifacts().at(-1);
    expect(result).toEqual({ size: content.length, digest, id: artifact?.id });
    expect(artifact).toMatchObject({
      name: 'shop äö+.bak',
      size: content.length,
      digest: `sha256:${digest}`,
      runId,
    });
    expect((await service.read('shop äö+.bak')).equals(content)).toBe(true);
    const days = ((artifact?.expiresAt.getTime() ?? 0) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
  });

  it('lists what this run has finalized, and returns the same bytes', async () => {
    const { file, content, digest } = await someFile('download.bak');
    const { result } = await withClient(
      `const { id } = await client.uploadArtifact("", [file], folder, { skipArchive: true });
       const { artifacts } = await client.listArtifacts();
       const path = folder + '/downloaded';
       const download = await client.downloadArtifact(id, { path, expectedHash: artifacts[0].digest });
       return { artifacts, download };`,
      file,
    );
    expect(result).toMatchObject({
      artifacts: [{ name: 'download.bak', size: content.length, digest: `sha256:${digest}` }],
      download: { digestMismatch: false },
    });
    expect((await readFile(join(folder, 'downloaded/download.bak'))).equals(content)).toBe(true);
    runId += 1;
    expect(await withClient('return client.listArtifacts();')).toEqual({ result: { artifacts: [] } });
  });

  it('deletes an artifact, and its name is free again', async () => {
    const { file } = await someFile('deleted.bak');
    const again = `${UPLOAD.replace('return', 'await')} await client.deleteArtifact("deleted.bak"); ${UPLOAD}`;
    expect((await withClient(again, file)).error).toBeUndefined();
    expect(service.artifacts().filter(({ name }) => name === 'deleted.bak')).toHaveLength(1);
  });

  it('refuses a second artifact of the same name in one run, and accepts it in another', async () => {
    const { file } = await someFile('twice.bak');
    expect((await withClient(UPLOAD, file)).error).toBeUndefined();
    expect((await withClient(UPLOAD, file)).error).toMatch(/409.*already exists/);
    runId += 1;
    expect((await withClient(UPLOAD, file)).error).toBeUndefined();
  });

  it('lowers a retention above the repository’s limit', async () => {
    const { file } = await someFile('long.bak');
    await withClient(UPLOAD.replace('30', '300'), file);
    const expiresAt = service.artifacts().at(-1)?.expiresAt.getTime() ?? 0;
    expect(Math.round((expiresAt - Date.now()) / 86_400_000)).toBe(90);
  });

  it('shows nothing of an upload that was never finalized', async () => {
    const { file } = await someFile('unfinished.bak');
    service.faults = { finalizeArtifact: { answer: 403 } };
    expect((await withClient(UPLOAD, file)).error).toMatch(/FinalizeArtifact.*403/);
    service.faults = {};
    expect(await withClient('return client.listArtifacts();')).toEqual({ result: { artifacts: [] } });
    expect(service.artifacts().map(({ name }) => name)).not.toContain('unfinished.bak');
    expect(service.created().at(-1)).toMatchObject({ name: 'unfinished.bak', finalized: false });
  });

  it('resets the connection, answers with an error or damages the body where the test says so', async () => {
    const { file, content } = await someFile('faults.bak');
    service.faults = { createArtifact: { answer: 'reset' } };
    expect((await withClient(UPLOAD, file)).error).toMatch(/CreateArtifact.*ECONNRESET/);
    expect(service.created().at(-1)?.name).not.toBe('faults.bak');
    service.faults = { createArtifact: { answer: 500, times: 1 } };
    expect((await withClient(UPLOAD, file)).error).toBeUndefined();

    runId += 1;
    service.faults = { blobPut: { answer: 403 } };
    expect((await withClient(UPLOAD, file)).error).toMatch(/403|told to fail/);
    runId += 1;
    service.faults = { blobPut: { answer: 'corrupt', times: 1 } };
    expect((await withClient(UPLOAD, file)).error).toBeUndefined();
    const stored = await service.read('faults.bak');
    expect(stored).toHaveLength(content.length);
    expect(stored.equals(content)).toBe(false);
  });

  it('can refuse the commit of accepted blocks and lose an answer, and reports both', async () => {
    const { file } = await someFile('lost.bak');
    runId += 1;
    const struck = service.struck();
    service.faults = { blobCommit: { answer: 403 } };
    expect((await withClient(UPLOAD, file)).error).toMatch(/403|told to fail/);
    await struck;
    runId += 1;
    service.faults = { finalizeArtifact: { answer: 'lost' } };
    expect((await withClient(UPLOAD, file)).error).toMatch(/FinalizeArtifact.*ECONNRESET/);
    expect(service.artifacts().at(-1)?.name).toBe('lost.bak');
  });

  it('can claim a digest that is not the file’s', async () => {
    const { file } = await someFile('lie.bak');
    service.digest = `sha256:${'0'.repeat(64)}`;
    await withClient(UPLOAD, file);
    expect(service.artifacts().at(-1)?.digest).toBe(service.digest);
  });

  it('refuses a token that names no run', async () => {
    expect(await call('ListArtifacts', {}, 'a.b.c')).toBe(401);
  });

  it('refuses to finalize an artifact that is not completely stored', async () => {
    const { file, content } = await someFile('short.bak');
    service.faults = { finalizeArtifact: { answer: 403 } };
    await withClient(UPLOAD, file);
    service.faults = {};
    expect(await call('FinalizeArtifact', { name: 'short.bak', size: String(content.length - 1) })).toBe(400);
    expect(service.artifacts().map(({ name }) => name)).not.toContain('short.bak');
    expect(await call('FinalizeArtifact', { name: 'short.bak', size: String(content.length) })).toBe(200);
    expect(await call('CreateArtifact', { name: 'never-stored.bak', version: 7 })).toBe(200);
    expect(await call('FinalizeArtifact', { name: 'never-stored.bak' })).toBe(400);
  });
});

/** Calls the service as the client does, but without its checks; the answer's status. */
async function call(name: string, body: object, token = service.runtimeTokenFor(runId)): Promise<number> {
  const number = String(runId).padStart(12, '0');
  const answer = await fetch(
    `${service.resultsUrl}twirp/github.actions.results.api.v1.ArtifactService/${name}`,
    {
      method: 'POST',
      body: JSON.stringify({ workflow_run_backend_id: `00000000-0000-4000-8000-${number}`, ...body }),
      headers: { authorization: `Bearer ${token}` },
    },
  );
  return answer.status;
}

describe('the REST calls (thorough)', () => {
  const get = (path: string, token = service.githubToken, method = 'GET'): Promise<Response> =>
    fetch(`${service.apiUrl}/repos/${service.repository}/actions/${path}`, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${token}` },
    });

  it('list artifacts of all runs by name and page, newest first', async () => {
    const { file } = await someFile('paged.bak');
    for (let uploads = 0; uploads < 3; uploads += 1) {
      runId += 1;
      await withClient(UPLOAD, file);
    }
    const first = await get('artifacts?name=paged.bak&per_page=2&page=1');
    expect(first.headers.get('link')).toContain('page=2');
    expect(await first.json()).toMatchObject({
      total_count: 3,
      artifacts: [{ workflow_run: { id: runId } }, { workflow_run: { id: runId - 1 } }],
    });
    const second = await get('artifacts?name=paged.bak&per_page=2&page=2');
    expect(second.headers.get('link')).toBeNull();
    expect(await second.json()).toMatchObject({ artifacts: [{ workflow_run: { id: runId - 2 } }] });
    expect(await (await get(`runs/${runId}/artifacts`)).json()).toMatchObject({ total_count: 1 });
  });

  it('describe one artifact, lead to its bytes, and delete it', async () => {
    const { file, content, digest } = await someFile('one.bak');
    await withClient(UPLOAD, file);
    const id = service.artifacts().at(-1)?.id ?? 0;
    expect(await (await get(`artifacts/${id}`)).json()).toMatchObject({
      id,
      name: 'one.bak',
      size_in_bytes: content.length,
      digest: `sha256:${digest}`,
      expired: false,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      expires_at: expect.stringMatching(/Z$/),
      workflow_run: { id: runId },
    });
    const zip = await get(`artifacts/${id}/zip`);
    expect(zip.status).toBe(302);
    const bytes = await (await fetch(zip.headers.get('location') ?? '')).bytes();
    expect(content.equals(bytes)).toBe(true);
    expect((await get(`artifacts/${id}`, service.githubToken, 'DELETE')).status).toBe(204);
    expect((await get(`artifacts/${id}`)).status).toBe(404);
  });

  it('require the right token', async () => {
    expect((await get('artifacts', 'ghs_wrong')).status).toBe(401);
    expect(service.requests.at(-1)).toEqual({
      point: 'rest',
      method: 'GET',
      path: `/repos/${service.repository}/actions/artifacts`,
      hasAuthorization: true,
    });
  });
});

it('the artifact service closes its port, and what it stored is gone', async () => {
  const other = await startArtifactService();
  const artifact = await other.seed({ name: 'gone.bak', content: 'gone' });
  expect(await other.read(artifact)).toEqual(Buffer.from('gone'));
  await other.stop();
  await expect(fetch(other.apiUrl)).rejects.toThrow('fetch failed');
  await expect(other.read(artifact)).rejects.toThrow('container does not exist');
});
