import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { processIdentity } from '../../src/process/end-processes.ts';
import { recordChildren } from '../../src/process/run.ts';
import { Workers } from '../../src/process/workers.ts';

/** Other systems do not show them. */
const onLinux = process.platform === 'linux' ? it : it.skip;

const isRunning = (identity: string): boolean => {
  try {
    return processIdentity(Number(identity.split(' ')[0])) === identity;
  } catch {
    return false;
  }
};

describe('the workers of a program', () => {
  onLinux('are recorded, and are ended when the program was killed before it could end them', async () => {
    const recorded: number[] = [];
    recordChildren((pid) => void recorded.push(pid));
    const leader = spawn('/bin/sh', ['-c', 'cat /dev/zero >/dev/null & echo $!; wait'], { stdio: 'pipe' });
    const said: unknown = (await once(leader.stdout.setEncoding('utf8'), 'data'))[0];
    const worker = processIdentity(Number(said));
    const workers = new Workers();
    workers.follow(leader.pid ?? 0);
    workers.look();
    workers.look();
    expect(recorded).toEqual([Number(said)]);
    leader.kill('SIGKILL');
    await once(leader, 'exit');
    workers.look();
    expect(isRunning(worker)).toBe(true);
    await workers.end();
    expect(isRunning(worker)).toBe(false);
    recordChildren(() => undefined);
  });

  it('are none where nothing was started', async () => {
    const workers = new Workers();
    workers.look();
    await workers.end();
  });
});
