import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { messageOf } from '../../src/errors.ts';
import { type RestoreInputs, readRestoreInputs } from '../../src/restore/restore-inputs.ts';
import { restore } from '../../src/restore/restore.ts';
import { withInputs } from '../support/action-inputs.ts';
import { ageBinary } from '../support/age-binary.ts';
import { type Damage, damaged, randomDamage, seededRandom } from '../support/damage.ts';
import { describeDatabase } from '../support/difficult-schema.ts';
import { holdsNothing } from '../support/restored.ts';
import { fillShop } from '../support/shop.ts';
import {
  type TestBed,
  errorsOf,
  expectFailedRestore,
  expectSuccess,
  startTestBed,
} from '../support/test-bed.ts';

const execute = promisify(execFile);
const CASES = 200;
const WORKERS = 3;
/** The header and the table of contents of the shop's archive lie in here. */
const CONTENTS_BYTES = 24 * 1024;
/** After this a restore is cancelled: where a gzip stream ends early, pg_restore 17 never ends (read-back.test.ts). */
const PATIENCE_MS = 20_000;

interface Sample {
  readonly name: string;
  readonly bytes: Buffer;
}

interface Case {
  readonly sample: Sample;
  readonly damage: Damage;
  readonly content: Buffer;
}

let bed: TestBed;
let folder: string;
let identity = '';
let description = '';
const samples: Sample[] = [];
let targets = 0;

beforeAll(async () => {
  bed = await startTestBed({ settings: ['fsync = off'] });
  folder = await mkdtemp(path.join(tmpdir(), 'damage-'));
  const url = await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop', scale: 0.1 });
  description = await describeDatabase(bed.database, 'shop');
  const { ageKeygen } = await ageBinary();
  await execute(ageKeygen, ['-o', path.join(folder, 'key.txt')]);
  const key = await readFile(path.join(folder, 'key.txt'), 'utf8');
  identity = /AGE-SECRET-KEY-1\w+/.exec(key)?.[0] ?? '';
  const encrypted = { 'age-recipients': /age1\w+/.exec(key)?.[0] ?? '' };
  for (const inputs of [
    { compression: 'zstd:3' },
    { compression: 'gzip:6' },
    { compression: 'none' },
    encrypted,
  ]) {
    const run = await bed.backup({
      inputs: { 'connection-string': url, storage: `${folder}/`, ...inputs },
    });
    expectSuccess(run);
    const file = run.outputs['backup-path'] ?? '';
    samples.push({ name: path.basename(file), bytes: await readFile(file) });
    await rm(file);
  }
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Half of them anywhere in the file, half of them in its header and table of contents. */
function cases(count: number, seed: number): Case[] {
  const random = seededRandom(seed);
  const found: Case[] = [];
  while (found.length < count) {
    const sample = samples[found.length % samples.length];
    if (!sample) throw new Error('unreachable');
    const { length } = sample.bytes;
    const damage = randomDamage(random, random() < 0.5 ? length : Math.min(length, CONTENTS_BYTES));
    const content = damaged(sample.bytes, damage);
    if (content) found.push({ sample, damage, content });
  }
  return found;
}

function told({ sample, damage }: Case): string {
  const { kind, at, bit } = damage;
  return `${kind} ${at}${kind === 'bit' ? `.${bit}` : ''} of ${sample.bytes.length} in ${sample.name}`;
}

async function newTarget(): Promise<{ name: string; url: string }> {
  targets += 1;
  const name = `target_${targets}`;
  return { name, url: await bed.database.createDatabase(name) };
}

/**
 * What must hold after the restore of a damaged file: it failed and changed nothing; or nothing that the file restores
 * was damaged (it says the same, by the digest in its name, and the target is the original again).
 *
 * @returns whether the target has to be another one from now on.
 */
async function expectNoHarm(one: Case, target: string, failed: boolean): Promise<boolean> {
  if (failed) {
    expect({ case: told(one), untouched: await holdsNothing(bed.database, target) }).toEqual({
      case: told(one),
      untouched: true,
    });
    return false;
  }
  const same = (await describeDatabase(bed.database, target)) === description;
  expect({ case: told(one), same }).toEqual({ case: told(one), same: true });
  return true;
}

describe('a file that is damaged at a random place (thorough)', () => {
  it(`is never restored, nor reported as restored: ${CASES} places`, async () => {
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const harmless: Damage[] = [];
    try {
      await inTheJob(async (restoreFile) => {
        const waiting = cases(CASES, 5);
        const work = async (worker: number): Promise<void> => {
          let target = await newTarget();
          for (let one = waiting.pop(); one; one = waiting.pop()) {
            const error = await restoreFile(one, target.url, worker);
            if (await expectNoHarm(one, target.name, error !== undefined)) {
              harmless.push(one.damage);
              target = await newTarget();
            }
          }
        };
        await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
      });
    } finally {
      jest.restoreAllMocks();
    }
    // Single bits of the table of contents that restore nothing, such as the time, OIDs and the statements for --clean.
    expect(harmless.filter(({ kind, at }) => kind !== 'bit' || at >= CONTENTS_BYTES)).toEqual([]);
    expect(harmless.length).toBeLessThan(CASES / 5);
  }, 180_000);

  it('makes the step of the bundled action fail too', async () => {
    const { name, url } = await newTarget();
    // Beyond the table of contents, where every byte counts.
    const inRows = cases(150, 6).filter(
      ({ damage, sample }) => damage.at > CONTENTS_BYTES || sample.name.endsWith('.age'),
    );
    for (const one of inRows.slice(0, 12)) {
      const file = path.join(folder, one.sample.name);
      await writeFile(file, one.content);
      const run = await bed.restore({
        inputs: { 'connection-string': url, path: file, 'age-identity': identity },
        secrets: [identity],
      });
      expectFailedRestore(run, /./);
      expect(run.summary).toContain('The target was not touched');
      await expectNoHarm(one, name, true);
    }
  }, 200_000);
});

describe('a truncated file (thorough)', () => {
  it('is refused with the hint to use another copy', async () => {
    const { name, url } = await newTarget();
    const [sample] = samples;
    const file = path.join(folder, 'torn.bak');
    await writeFile(file, sample?.bytes.subarray(0, -CONTENTS_BYTES) ?? '');
    const run = await bed.restore({ inputs: { 'connection-string': url, path: file } });
    expectFailedRestore(run, /^The archive cannot be read back: .*\nUse another copy of the backup/);
    expect(await holdsNothing(bed.database, name)).toBe(true);
  });
});

describe('an artifact that is damaged at a random place (thorough)', () => {
  it('is refused before it is read, because its SHA-256 is not what was recorded', async () => {
    const { name, url } = await newTarget();
    for (const one of cases(12, 7)) {
      const artifact = `damaged-${one.sample.name}`;
      const digest = `sha256:${createHash('sha256').update(one.sample.bytes).digest('hex')}`;
      await bed.artifacts.seed({ name: artifact, content: one.content, digest });
      const run = await bed.restore({
        inputs: { 'connection-string': url, backup: artifact, 'age-identity': identity },
        secrets: [identity],
      });
      expectFailedRestore(run, /SHA-256|does not match what was recorded/);
      expect(errorsOf(run)).toHaveLength(1);
      await expectNoHarm(one, name, true);
    }
  }, 200_000);
});

/** Gives the restore job itself, in this process; it returns what went wrong. */
async function inTheJob(
  work: (
    restoreFile: (one: Case, url: string, worker: number) => Promise<string | undefined>,
  ) => Promise<void>,
): Promise<void> {
  const runner = {
    workspace: folder,
    temp: folder,
    repository: '',
    runId: '1',
    serverUrl: '',
    retentionLimit: undefined,
  };
  const given = { path: 'x', 'connection-string': bed.database.url, 'age-identity': identity };
  const inputs = await withInputs('restore', given, () => readRestoreInputs(runner));
  const files = {
    GITHUB_OUTPUT: path.join(folder, 'output'),
    GITHUB_STEP_SUMMARY: path.join(folder, 'summary'),
  };
  for (const file of Object.values(files)) await writeFile(file, '');
  const changed = { ...process.env, ...files, RUNNER_TOOL_CACHE: bed.toolCache };
  const replaced = jest.replaceProperty(process, 'env', changed);
  try {
    await work(async (one, url, worker) => {
      await mkdir(path.join(folder, String(worker)), { recursive: true });
      const file = path.join(folder, String(worker), one.sample.name);
      await writeFile(file, one.content);
      const changes: Partial<RestoreInputs> = {
        source: { kind: 'file', path: file },
        connection: { ...inputs.connection, value: url },
      };
      return restore({ ...inputs, ...changes }, runner, { words: '' }, AbortSignal.timeout(PATIENCE_MS)).then(
        () => undefined,
        (error: unknown) => messageOf(error),
      );
    });
  } finally {
    replaced.restore();
  }
}
