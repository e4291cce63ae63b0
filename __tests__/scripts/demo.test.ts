import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REPOSITORY_ROOT, nodeProgram } from '../support/node-program.ts';

/** Runs the demo as a user would, and returns how it ended. */
async function demo(
  folder: string,
  temporary: string,
  onText: (text: string, interrupt: () => void) => void = () => undefined,
): Promise<{ exitCode: number | null; text: string }> {
  const child = spawn(nodeProgram(), ['scripts/demo.ts', folder], {
    cwd: REPOSITORY_ROOT,
    env: { ...process.env, TMPDIR: temporary, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      onText(text, () => child.kill('SIGINT'));
    });
  }
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exitCode, text };
}

describe('the demo', () => {
  let folder: string;
  let temporary: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'demo-'));
    temporary = mkdtempSync(join(tmpdir(), 'demo-tmp-'));
    // Also for the user that runs the server, when we are root.
    chmodSync(temporary, 0o755);
  });

  afterEach(() => {
    for (const each of [folder, temporary]) rmSync(each, { recursive: true });
  });

  it('makes a backup, restores it, and writes the summaries and the backup file', async () => {
    const { exitCode, text } = await demo(folder, temporary);
    expect({ exitCode, text }).toMatchObject({ exitCode: 0 });
    expect(text).toContain('Restored with bare pg_restore into an empty database');
    expect(text).toMatch(/Verified in [^]*Restored with the action: 10 tables and 74,948 rows/);
    expect(text).toMatch(
      /Rows are missing since the previous backup: shop\.order_lines had [^]*The next backup warns of the lost rows/,
    );
    expect(readdirSync(folder).sort()).toEqual([
      'backup',
      'changes-summary.html',
      'changes-summary.md',
      'restore-summary.html',
      'restore-summary.md',
      'summary.html',
      'summary.md',
    ]);
    expect(readdirSync(join(folder, 'backup'))).toEqual([
      expect.stringMatching(/^shop-\d{8}T\d{6}Z-[0-9a-f]{8}\.bak$/),
      expect.stringMatching(/^shop-\d{8}T\d{6}Z-[0-9a-f]{8}\.bak\.json$/),
    ]);
    expect(readFileSync(join(folder, 'summary.html'), 'utf8')).toContain('74,948 rows');
    expect(readFileSync(join(folder, 'restore-summary.md'), 'utf8')).toContain('is restored and verified');
    expect(readdirSync(temporary)).toEqual([]);
    expect(await processesThatMention(temporary, folder)).toEqual([]);
  });

  it('stops everything when it is interrupted in the middle of the restore (thorough)', async () => {
    const { exitCode, text } = await demo(folder, temporary, (soFar, interrupt) => {
      if (soFar.includes('Downloading')) interrupt();
    });
    expect({ exitCode, text }).toMatchObject({ exitCode: 130 });
    expect(text).not.toContain('Restored with the action');
    expect(readdirSync(temporary)).toEqual([]);
    expect(await processesThatMention(temporary, folder)).toEqual([]);
  });

  it('stops everything when it is interrupted (thorough)', async () => {
    const { exitCode, text } = await demo(folder, temporary, (soFar, interrupt) => {
      if (soFar.includes('Connection string from')) interrupt();
    });
    expect({ exitCode, text }).toMatchObject({ exitCode: 130 });
    expect(existsSync(join(folder, 'backup'))).toBe(false);
    expect(readdirSync(temporary)).toEqual([]);
    expect(await processesThatMention(temporary, folder)).toEqual([]);
  });
});

/** Command lines of running processes that hold one of the texts; a process that is just ending gets its time. */
async function processesThatMention(...texts: readonly string[]): Promise<string[]> {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      const file = join('/proc', pid, 'cmdline');
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return '';
      }
    })
    .filter((line) => texts.some((text) => line.includes(text)));
  if (found.length === 0) return [];
  await pause(100);
  return processesThatMention(...texts);
}
