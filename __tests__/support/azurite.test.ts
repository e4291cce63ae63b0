import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { REPOSITORY_ROOT, nodeProgram } from './node-program.ts';

const execute = promisify(execFile);

it('a process has one blob storage, which ends with it', async () => {
  const script = `
    import { startBlobStore } from './__tests__/support/artifact-service-blobs.ts';
    const stores = await Promise.all([startBlobStore(), startBlobStore()]);
    console.log(JSON.stringify(stores.map(({ origin }) => origin)));`;
  const { stdout } = await execute(nodeProgram(), ['--input-type=module', '--eval', script], {
    cwd: REPOSITORY_ROOT,
  });
  const origins: unknown = JSON.parse(stdout);
  const [first, second] = Array.isArray(origins) ? origins.map(String) : [];
  expect(first).toMatch(/^http:/);
  expect(second).toBe(first);
  // Its process id would not tell: in a container, nobody may take note of its end.
  for (let looks = 0; looks < 300 && (await answers(first)); looks += 1) await pause(10);
  expect(await answers(first)).toBe(false);
});

async function answers(origin = ''): Promise<boolean> {
  return fetch(origin).then(
    () => true,
    () => false,
  );
}
