import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { run } from '../../src/process/run.ts';

const env = { PATH: process.env['PATH'] ?? '' };
const node = (script: string, options: Partial<Parameters<typeof run>[2]> = {}) =>
  run(process.execPath, ['-e', script], { env, ...options });
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('running a program', () => {
  it('returns its output, its errors and its exit code', async () => {
    const result = await node('console.log("out"); console.error("err"); process.exit(3)');
    expect(result).toEqual({ exitCode: 3, endedBy: null, stdout: 'out\n', stderr: 'err\n' });
  });

  it('passes the given environment, and nothing else', async () => {
    process.env['INPUT_CONNECTION-STRING'] = 'secret';
    try {
      const { stdout } = await node('console.log(Object.keys(process.env).join())', {
        env: { ONLY: 'this' },
      });
      expect(stdout.trim()).toBe('ONLY');
    } finally {
      delete process.env['INPUT_CONNECTION-STRING'];
    }
  });

  it('passes on lines of the error stream as they arrive, also the last one', async () => {
    const lines: string[] = [];
    await node('process.stderr.write("a\\nb\\nc")', { onStderrLine: (line) => lines.push(line) });
    expect(lines).toEqual(['a', 'b', 'c']);
  });

  it('passes on a line of the error stream that is longer than 256 KiB in pieces', async () => {
    const pieces: string[] = [];
    await node('process.stderr.write("x".repeat(1e6) + "\\nend\\n")', {
      onStderrLine: (line) => pieces.push(line),
    });
    expect(pieces.at(-1)).toBe('end');
    expect(pieces.slice(0, -1).join('')).toBe('x'.repeat(1e6));
    expect(pieces.length).toBeGreaterThan(2);
  });

  it('keeps the end of a long error stream', async () => {
    const { stderr } = await node(
      'for (let i = 0; i < 1e5; i++) process.stderr.write("noise noise noise\\n"); console.error("the end")',
    );
    expect(stderr.length).toBeLessThanOrEqual(2 * 256 * 1024);
    expect(stderr).toMatch(/^noise noise noise\n/);
    expect(stderr).toMatch(/the end\n$/);
  });

  it('writes text or a stream to its input', async () => {
    const echo = 'process.stdin.pipe(process.stdout)';
    expect((await node(echo, { stdin: 'text' })).stdout).toBe('text');
    expect((await node(echo, { stdin: Readable.from(['a', 'b']) })).stdout).toBe('ab');
  });

  it('returns the exit code if the program does not read all its input', async () => {
    expect((await node('process.exit(4)', { stdin: 'x'.repeat(4_000_000) })).exitCode).toBe(4);
  });

  it('fails when its input cannot be read', async () => {
    const stdin = createReadStream('/nonexistent/archive');
    await expect(node('process.stdin.resume()', { stdin })).rejects.toThrow('ENOENT');
  });

  it('names a program that cannot be started', async () => {
    await expect(run('/nonexistent/pg_dump', [], { env })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('/nonexistent/pg_dump'),
    });
  });

  it('ends the program when the job is cancelled, even if it ignores SIGTERM', async () => {
    const controller = new AbortController();
    let pid = 0;
    const work = node('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.error("up")', {
      signal: controller.signal,
      onSpawn: (id) => (pid = id),
      onStderrLine: () => {
        controller.abort(new Error('cancelled'));
      },
    });
    await expect(work).rejects.toThrow('cancelled');
    expect(isAlive(pid)).toBe(false);
  });

  it('ends the program when the reader of its output fails', async () => {
    let pid = 0;
    const work = node('setInterval(() => console.log("x"), 10)', {
      onSpawn: (id) => (pid = id),
      onStdout: () => {
        throw new Error('cannot parse');
      },
    });
    await expect(work).rejects.toThrow('cannot parse');
    expect(isAlive(pid)).toBe(false);
  });

  it('does not start the program if the job is already cancelled', async () => {
    await expect(node('0', { signal: AbortSignal.abort(new Error('early')) })).rejects.toThrow('early');
  });
});
