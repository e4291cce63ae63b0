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
    console.log(JSON.stringify(stores.map(({ pid }) => pid)));`;
  const { stdout } = await execute(nodeProgram(), ['--input-type=module', '--eval', script], {
    cwd: REPOSITORY_ROOT,
  });
  const pids: unknown = JSON.parse(stdout);
  const [first, second] = Array.isArray(pids) ? pids.map(Number) : [];
  expect(first).toBe(second);
  for (let looks = 0; looks < 300 && isRunning(first); looks += 1) await pause(10);
  expect(isRunning(first)).toBe(false);
});

function isRunning(pid = 0): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
