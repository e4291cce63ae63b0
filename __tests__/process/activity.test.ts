import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ACTIVITY_IS_KNOWN, activityOf } from '../../src/process/activity.ts';

/** Off Linux there is no account of it. */
const onLinux = ACTIVITY_IS_KNOWN ? it : it.skip;

async function whileRunning<T>(script: string, look: (pid: number, say: () => Promise<void>) => Promise<T>) {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child, 'spawn');
  const say = async (): Promise<void> => {
    child.stdin.write('x\n');
    await once(child.stdout, 'data');
  };
  try {
    return await look(child.pid ?? 0, say);
  } finally {
    child.stdin.end();
    child.kill('SIGKILL');
    await once(child, 'close');
  }
}

describe('the activity of a process', () => {
  onLinux('stays the same while it waits for something to read, and changes with each byte that comes', () =>
    whileRunning('while read line; do echo "$line"; done', async (pid, say) => {
      await say();
      // It has gone back to its waiting by then.
      await pause(300);
      const waiting = activityOf(pid);
      expect(waiting).toMatch(new RegExp(`^${pid} \\d+ \\d+ \\d+ \\d+$`));
      await pause(300);
      expect(activityOf(pid)).toBe(waiting);
      await say();
      expect(activityOf(pid)).not.toBe(waiting);
    }),
  );

  onLinux('is that of its children too', () =>
    whileRunning('cat; exit', async (pid, say) => {
      await say();
      await pause(300);
      const waiting = activityOf(pid);
      await say();
      expect(activityOf(pid)).not.toBe(waiting);
    }),
  );

  it('is empty if there is no such process', () => {
    expect(activityOf(2 ** 30)).toBe('');
  });
});
