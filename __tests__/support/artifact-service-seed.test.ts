import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ArtifactService, startArtifactService } from './artifact-service.ts';

let service: ArtifactService;
beforeAll(async () => {
  service = await startArtifactService();
});
afterAll(() => service.stop());
beforeEach(() => {
  service.faults = {};
});

describe('artifacts that a test adds without a client', () => {
  const list = async (repository: string, token: string, method = 'GET', rest = ''): Promise<Response> =>
    fetch(`${service.apiUrl}/repos/${repository}/actions/artifacts${rest}`, {
      method,
      headers: { authorization: `token ${token}` },
    });

  it('have the given creation time, expiry, run and digest', async () => {
    const createdAt = new Date('2026-01-02T03:04:05Z');
    const expiresAt = new Date('2026-02-02T03:04:05Z');
    const digest = `sha256:${'1'.repeat(64)}`;
    const { id } = await service.seed({
      name: 'old.bak',
      content: 'old',
      createdAt,
      expiresAt,
      runId: 7,
      digest,
    });
    const answer = await list(service.repository, service.githubToken, 'GET', `/${id}`);
    expect(await answer.json()).toMatchObject({
      name: 'old.bak',
      size_in_bytes: 3,
      digest,
      created_at: '2026-01-02T03:04:05Z',
      expires_at: '2026-02-02T03:04:05Z',
      expired: true,
      workflow_run: { id: 7 },
    });
    expect((await list(service.repository, service.githubToken, 'GET', `/${id}/zip`)).status).toBe(410);
    expect(await service.read('old.bak')).toEqual(Buffer.from('old'));
  });

  it('can be listed with a token for their repository, and changed with its permissions', async () => {
    const { id } = await service.seed({ name: 'far.bak', content: 'far', repository: 'example/far' });
    const token = (actions: 'none' | 'read' | 'write'): string =>
      service.tokenFor({ repositories: ['example/far'], actions });
    expect((await list('example/far', service.githubToken)).status).toBe(404);
    expect((await list(service.repository, token('write'))).status).toBe(404);
    const refused = await list('example/far', token('none'));
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ message: 'Resource not accessible by integration' });
    expect(await (await list('example/far', token('read'))).json()).toMatchObject({ total_count: 1 });
    expect((await list('example/far', token('read'), 'DELETE', `/${id}`)).status).toBe(403);
    expect((await list('example/far', token('write'), 'DELETE', `/${id}`)).status).toBe(204);
  });

  it('can be answered with a rate limit', async () => {
    const answer = { status: 429, headers: { 'retry-after': '5' }, message: 'slow down' };
    service.faults = { rest: { answer, times: 1 } };
    const limited = await list(service.repository, service.githubToken);
    expect(limited.headers.get('retry-after')).toBe('5');
    expect(await limited.json()).toMatchObject({ message: 'slow down' });
    expect((await list(service.repository, service.githubToken)).status).toBe(200);
  });

  it('can break off, or end too soon, while they are read', async () => {
    const { id } = await service.seed({ name: 'half.bak', content: randomBytes(1_000_000) });
    const read = async (): Promise<Uint8Array> =>
      (await list(service.repository, service.githubToken, 'GET', `/${id}/zip`)).bytes();
    service.faults = { blobGet: { answer: 'truncate' } };
    expect(await read()).toHaveLength(500_000);
    service.faults = { blobGet: { answer: 'reset' } };
    await expect(read()).rejects.toThrow('terminated');
    service.faults = {};
    expect(await read()).toHaveLength(1_000_000);
  });
});
