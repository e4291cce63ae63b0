import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serializeRecord } from '../../src/storage/record.ts';
import { backupFile } from '../storage/artifact/store-bed.ts';
import { type ArtifactService, startArtifactService } from '../support/artifact-service.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import type { StepHandle } from '../support/runner-step.ts';
import { recordFor } from '../support/seeded-record.ts';
import { expectColour, runOnSeries, seedBackup } from '../support/series-bed.ts';

const ROUNDS = 10;
const KEPT = 3;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'killed-at-random-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A series of backups in one kind of storage. */
interface Stock {
  readonly size: number;
  readonly inputs: Readonly<Record<string, string>>;
  readonly service: ArtifactService;
  /** The names of all files in it. */
  names(): Promise<string[]>;
  stop(): Promise<void>;
}

async function artifacts(): Promise<Stock> {
  const size = 12;
  const service = await startArtifactService();
  for (let day = size; day > 0; day--) await seedBackup(service, 'shop', day * 24 - 23);
  return {
    size,
    inputs: {},
    service,
    names: () => Promise.resolve([...service.artifacts(), ...service.records()].map(({ name }) => name)),
    stop: () => service.stop(),
  };
}

async function files(): Promise<Stock> {
  // Many, because a file is removed in a moment; no more than one prune deletes.
  const size = 250;
  const service = await startArtifactService();
  const storage = await mkdtemp(path.join(folder, 'backups-'));
  const content = Buffer.alloc(1000, 'x');
  const old = new Date(Date.now() - 2 * 86_400_000);
  for (let day = size; day > 0; day--) {
    const name = backupFile('shop', day * 24 - 23);
    await writeFile(path.join(storage, name), content);
    await writeFile(path.join(storage, `${name}.json`), serializeRecord(recordFor(name, content)));
    await utimes(path.join(storage, name), old, old);
  }
  return { size, inputs: { storage }, service, names: () => readdir(storage), stop: () => service.stop() };
}

/** Those that count: a file with its record. */
const backupsIn = (names: readonly string[]): string[] =>
  names.filter((name) => name.endsWith('.bak') && names.includes(`${name}.json`));

describe.each([
  ['artifacts', artifacts],
  ['a folder', files],
] as const)('over %s, SIGKILL at a random moment (thorough)', (_, stock) => {
  async function run(
    action: 'prune' | 'check',
    { inputs, service }: Stock,
    options: RunActionOptions = {},
  ): Promise<ActionRun> {
    const own: Record<string, string> = action === 'prune' ? { 'keep-last': String(KEPT) } : {};
    return runOnSeries(action, service, { ...options, inputs: { ...inputs, ...own } });
  }

  /** Runs an action that is killed at a random moment after its first line that matches. */
  async function killed(
    action: 'prune' | 'check',
    given: Stock,
    line: RegExp,
    withinMs: number,
  ): Promise<ActionRun> {
    let handle: StepHandle | undefined;
    let isSeen = false;
    return run(action, given, {
      onStart: (started) => {
        handle = started;
      },
      onLine: (shown) => {
        if (isSeen || !line.test(shown)) return;
        isSeen = true;
        setTimeout(() => handle?.kill('SIGKILL'), Math.random() * withinMs);
      },
    });
  }

  it('of a prune leaves no record alone and every backup that is kept, and the next prune completes it', async () => {
    const whole = await stock();
    let plannedAt = 0;
    await run('prune', whole, {
      onLine: () => (plannedAt ||= Date.now()),
    });
    const withinMs = Date.now() - plannedAt;
    const kept = backupsIn(await whole.names());
    expect(kept).toHaveLength(KEPT);
    await whole.stop();
    let interrupted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const given = await stock();
      await killed('prune', given, /./, withinMs);
      const names = new Set(await given.names());
      expect([...names].filter((name) => name.endsWith('.json') && !names.has(name.slice(0, -5)))).toEqual(
        [],
      );
      expect(kept.filter((name) => !names.has(name) || !names.has(`${name}.json`))).toEqual([]);
      if (names.size < given.size * 2 && names.size > KEPT * 2) interrupted += 1;
      expectColour(await run('check', given));
      expectColour(await run('prune', given));
      expect((await given.names()).toSorted()).toEqual(
        kept.flatMap((name) => [name, `${name}.json`]).toSorted(),
      );
      await given.stop();
    }
    // Otherwise no round has shown anything.
    expect(interrupted).toBeGreaterThan(0);
  }, 600_000);

  it('of a check changes nothing, and the next check succeeds', async () => {
    const given = await stock();
    const before = await given.names();
    for (let round = 0; round < ROUNDS; round++) {
      const ended = await killed('check', given, /./, 30);
      expect(ended.leftFiles).toEqual([]);
      expect((await given.names()).toSorted()).toEqual(before.toSorted());
    }
    expectColour(await run('check', given));
    await given.stop();
  }, 600_000);
});
