import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fillShop } from '../support/shop.ts';
import { type TestBed, expectFailure, expectSuccess, remarksOf, startTestBed } from '../support/test-bed.ts';
import {
  API_KEY,
  TRUSTS_GATEWAY,
  type TunnelGateway,
  apiKeyWith,
  base64url,
  startTunnelGateway,
  urlWithKey,
} from '../support/tunnel-gateway.ts';

let bed: TestBed;
let gateway: TunnelGateway;
beforeAll(async () => {
  bed = await startTestBed({ hba: [TRUSTS_GATEWAY] });
  await fillShop(bed.database);
  gateway = await startTunnelGateway({
    target: { host: bed.database.host, port: bed.database.port },
    apiKey: API_KEY,
  });
});
afterAll(async () => {
  await gateway.stop();
  await bed.stop();
});

const backup = (apiKey: string, name: string, inputs: Record<string, string> = {}) =>
  bed.backup({
    inputs: {
      'connection-string': urlWithKey(apiKey),
      'backup-name': name,
      'connection-attempts': '1',
      ...inputs,
    },
    env: { PPG_WS_URL: gateway.url.href },
    secrets: [apiKey],
  });

describe('a prisma+postgres:// URL', () => {
  it('is backed up through the tunnel, with the same content as directly, and a warning about the end of the service', async () => {
    const direct = await bed.backup({ inputs: { 'backup-name': 'direct' } });
    const run = await backup(API_KEY, 'tunnel');
    expectSuccess(run);
    expect(run.outputs['content-digest']).toBe(direct.outputs['content-digest']);
    expect(remarksOf(run)).toEqual([
      expect.stringMatching(/2026-12-01.*direct connection string in the Prisma Console/),
    ]);
    expect(gateway.opened).toBeGreaterThan(1);
    expect(gateway.open).toBe(0);
  });

  it('with an unknown key fails with a clear error', async () => {
    const before = bed.artifacts.artifacts().length;
    expectFailure(
      await backup(apiKeyWith({ id: 'another-key' }), 'unknown'),
      /refused the api_key.*401/,
      bed.artifacts,
      before,
    );
  });

  it('with a key without a database fails with a clear error (thorough)', async () => {
    const before = bed.artifacts.artifacts().length;
    gateway.behaviour.answer = 410;
    try {
      expectFailure(
        await backup(API_KEY, 'gone'),
        /no Prisma Postgres database for the api_key/,
        bed.artifacts,
        before,
      );
    } finally {
      gateway.behaviour.answer = 'relay';
    }
  });

  it('whose gateway drops the connection in the middle of the dump fails cleanly (thorough)', async () => {
    const before = bed.artifacts.artifacts().length;
    gateway.behaviour.dropAfterBytes = 1_000_000;
    try {
      const run = await backup(API_KEY, 'dropped', { compression: 'none' });
      expectFailure(run, /closed the connection to the database/, bed.artifacts, before);
      expect(run.log).toContain('Dumping postgres');
    } finally {
      gateway.behaviour.dropAfterBytes = Infinity;
    }
    expect(await bed.database.sessions()).toEqual([]);
  });

  it('with direct credentials in its key is backed up with them, without the tunnel (thorough)', async () => {
    const opened = gateway.opened;
    const before = bed.artifacts.artifacts().length;
    // The address is Prisma's own, which cannot be reached from a test: the failure names it.
    const run = await backup(
      apiKeyWith({ tenant_id: 'tenant', secure_key: 'sk_secret_of_the_key' }),
      'derived',
    );
    expectFailure(run, /The database cannot be reached/, bed.artifacts, before);
    expect(remarksOf(run)).toEqual([
      expect.stringContaining('direct address of the database was taken from the key'),
    ]);
    expect(run.masks).toContain('sk_secret_of_the_key');
    expect(gateway.opened).toBe(opened);
  });

  it('of prisma dev uses the address in its key, with a warning (thorough)', async () => {
    const apiKey = base64url({ databaseUrl: bed.database.url });
    const run = await bed.backup({
      inputs: {
        'connection-string': `prisma+postgres://localhost:51213/?api_key=${apiKey}`,
        'backup-name': 'local',
      },
      secrets: [apiKey],
    });
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([expect.stringContaining('prisma dev')]);
  });

  it.each([
    ['prisma://accelerate.prisma-data.net/?api_key=whatever-secret', /a cache in front of a database/],
    ['prisma+postgres://accelerate.prisma-data.net/', /no api_key/],
    ['prisma+postgres://accelerate.prisma-data.net/?api_key=a.whatever-secret.c', /damaged/],
  ])('without a usable address is refused: %s (thorough)', async (url, annotation) => {
    const before = bed.artifacts.artifacts().length;
    const run = await bed.backup({ inputs: { 'connection-string': url }, secrets: ['whatever-secret'] });
    expectFailure(run, annotation, bed.artifacts, before);
  });
});
