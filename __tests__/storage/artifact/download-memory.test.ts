import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { run } from '../../../src/process/run.ts';
import { type ArtifactService, startArtifactService } from '../../support/artifact-service.ts';
import { REPOSITORY_ROOT, nodeProgram } from '../../support/node-program.ts';
import { environmentOf } from './store-bed.ts';

let service: ArtifactService;
let folder: string;
beforeAll(async () => {
  service = await startArtifactService();
  folder = await mkdtemp(path.join(tmpdir(), 'download-memory-'));
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

/** Finds and downloads an artifact in a process of its own. @returns its peak memory in kB (Linux only). */
async function peakMemory(megabytes: number): Promise<number> {
  const { id } = await service.seed({
    name: `${megabytes}.bak`,
    content: Buffer.alloc(megabytes * 1_000_000, 'PGDMP'),
  });
  // What resourceUsage() says begins with the memory of the process that started this one, which has the content in memory.
  const program = `
    import { readFileSync } from 'node:fs';
    import { artifactReader } from './src/storage/artifact/artifact-reader.ts';
    import { downloadBackup } from './src/storage/download.ts';
    const { id, folder, token } = JSON.parse(process.env.TEST);
    const { signal } = new AbortController();
    const repository = { owner: 'example', repo: 'shop' };
    const store = artifactReader({ repository, isOwnRepository: true, token, env: process.env, permission: 'read', signal });
    const { size } = await downloadBackup(store, await store.find({ kind: 'id', id }), { folder, signal });
    console.log(JSON.stringify({ size, peak: /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1] }));
    process.exit();`;
  const runtime = Object.fromEntries(
    Object.entries(environmentOf(service)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  const { stdout, stderr } = await run(nodeProgram(), ['--input-type=module', '--eval', program], {
    cwd: REPOSITORY_ROOT,
    env: { ...runtime, TEST: JSON.stringify({ id, folder, token: service.githubToken }) },
  });
  const [, size, peak] = /\{"size":(\d+),"peak":"(\d+)"\}/.exec(stdout) ?? [];
  expect(`${size ?? ''} ${stderr}`).toBe(`${megabytes * 1_000_000} `);
  await rm(path.join(folder, 'downloaded'));
  return Number(peak);
}

it('a download takes no more memory for fifty times more bytes (thorough)', async () => {
  const small = await peakMemory(3);
  const large = await peakMemory(150);
  expect(large / small).toBeLessThan(1.25);
});
