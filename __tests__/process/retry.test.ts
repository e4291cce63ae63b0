import { describe, expect, it } from '@jest/globals';
import { pauseAfter, retry } from '../../src/process/retry.ts';

const signal = new AbortController().signal;

describe('retrying', () => {
  it('tries again after a transient failure, and reports it', async () => {
    const told: number[] = [];
    let calls = 0;
    const result = await retry(
      () => {
        calls++;
        return calls < 2 ? Promise.reject(new Error('not yet')) : Promise.resolve('there');
      },
      { attempts: 3, isTransient: () => true, onRetry: (_, attempt) => told.push(attempt), signal },
    );
    expect([result, calls, told]).toEqual(['there', 2, [1]]);
  });

  it('ends at once after a failure that is not transient', async () => {
    let calls = 0;
    const work = () => {
      calls++;
      return Promise.reject(new Error('wrong password'));
    };
    const policy = { attempts: 5, isTransient: () => false, onRetry: () => undefined, signal };
    await expect(retry(work, policy)).rejects.toThrow('wrong password');
    expect(calls).toBe(1);
  });

  it('throws the last error when the attempts are used up', async () => {
    let calls = 0;
    const work = () => Promise.reject(new Error(`failure ${++calls}`));
    const policy = { attempts: 2, isTransient: () => true, onRetry: () => undefined, signal };
    await expect(retry(work, policy)).rejects.toThrow('failure 2');
  });

  it('stops waiting when the job is cancelled', async () => {
    const controller = new AbortController();
    const policy = {
      attempts: 9,
      isTransient: () => true,
      onRetry: () => {
        controller.abort(new Error('cancelled'));
      },
      signal: controller.signal,
    };
    await expect(retry(() => Promise.reject(new Error('down')), policy)).rejects.toThrow('cancelled');
  });

  it('waits longer each time, up to half a minute', () => {
    expect([1, 2, 3, 4, 9].map(pauseAfter)).toEqual([1_000, 2_000, 4_000, 8_000, 30_000]);
  });
});
