import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type RunOptions, run } from '../../src/process/run.ts';

const node = (script: string, options: Partial<RunOptions> = {}): ReturnType<typeof run> =>
  run(process.execPath, ['-e', script], { env: {}, ...options });

describe('the output of a program as a stream', () => {
  it('arrives completely and in order, and does not end the stream', async () => {
    const chunks: Buffer[] = [];
    const target = new Writable({
      write(chunk: Buffer, _, done) {
        chunks.push(chunk);
        done();
      },
    });
    const { stdout } = await node('process.stdout.write("a".repeat(300_000) + "b")', { stdout: target });
    expect(Buffer.concat(chunks).toString()).toBe(`${'a'.repeat(300_000)}b`);
    expect(stdout).toBe('');
    expect(target.writableEnded).toBe(false);
  });

  it('arrives no faster than it is read', async () => {
    let taken = 0;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const target = new Writable({
      write(chunk: Buffer, _, done) {
        taken += chunk.length;
        void gate.then(() => {
          done();
        });
      },
    });
    const script = `
      const { writeSync } = require('node:fs');
      for (let i = 0; i < 64; i++) { writeSync(1, Buffer.alloc(1 << 20)); writeSync(2, '.'); }`;
    let printed = 0;
    const running = node(script, { stdout: target, onStderrLine: (line) => (printed = line.length) });
    await pause(500);
    // A pipe and two buffers of a stream hold far less than the program wants to print.
    expect(taken).toBeLessThan(2 << 20);
    expect(printed).toBe(0);
    release();
    expect(await running).toMatchObject({ exitCode: 0 });
    expect(taken).toBe(64 << 20);
  });

  it('ends the program when nobody reads it any more', async () => {
    const target = new Writable({
      write(_chunk, _, done) {
        done(new Error('it is full'));
      },
    });
    const endless = `setInterval(() => process.stdout.write('x'.repeat(100_000)), 1)`;
    await expect(node(endless, { stdout: target })).rejects.toThrow('it is full');
    // The next program is told why, too.
    await expect(node(endless, { stdout: target })).rejects.toThrow('it is full');
  });

  it('ends the program when the stream is closed meanwhile', async () => {
    const target = new Writable({
      write() {
        target.destroy();
      },
    });
    const endless = `setInterval(() => process.stdout.write('x'.repeat(100_000)), 1)`;
    await expect(node(endless, { stdout: target })).rejects.toThrow(
      "reader of a program's output has closed",
    );
  });

  it('is no longer waited for after the stream was closed, however the program ends', async () => {
    const target = new Writable({
      write() {
        target.destroy();
      },
    });
    const script = `
      process.on('SIGTERM', () => process.exit(1));
      process.stdout.write('x'.repeat(10_000_000));
      setInterval(() => {}, 1_000);`;
    await expect(node(script, { stdout: target })).rejects.toThrow("reader of a program's output has closed");
  });
});

describe('a program that is killed', () => {
  it('is not waited for when its own children hold its streams open', async () => {
    const script = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'],
        { stdio: ['ignore', 'inherit', 'inherit'] });
      process.stdout.write(String(child.pid), () => process.kill(process.pid, 'SIGKILL'));`;
    const { endedBy, stdout } = await node(script);
    expect(endedBy).toBe('SIGKILL');
    process.kill(Number(stdout), 'SIGKILL');
  });
});
