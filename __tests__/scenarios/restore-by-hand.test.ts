import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { markdownFiles } from '../../scripts/docs/markdown-files.ts';
import { ageBinary } from '../support/age-binary.ts';
import { testClientTools } from '../support/client-tools.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { type BucketBed, startBucketBed } from '../support/s3-bucket.ts';
import { startS3rver } from '../support/s3rver-server.ts';
import { type ShopRows, countRows, fillShop } from '../support/shop.ts';
import type { ActionRun } from '../support/runner.ts';
import { writeStandInClients } from '../support/stand-in-clients.ts';
import { type TestBed, expectSuccess, startTestBed } from '../support/test-bed.ts';

const execute = promisify(execFile);
const page = markdownFiles().find(({ path: file }) => file === 'docs/restore.md')?.text ?? '';

/** The blocks of a section, in their order: what to fill in, three ways to the file, check, decrypt, two ways to restore, look. */
function blocksOf(heading: string, language: string): readonly string[] {
  const section = page.split(`\n### ${heading}\n`)[1]?.split(/\n### /)[0] ?? '';
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );
}
const UNIX = blocksOf('Linux and macOS', 'sh');
const WINDOWS = blocksOf('Windows', 'powershell');
const [VALUES = '', FROM_ARTIFACT = '', FROM_BUCKET = '', FROM_FOLDER = '', CHECK = '', DECRYPT = ''] = UNIX;
const [RESTORE = '', RESTORE_OLDER = '', LOOK = ''] = UNIX.slice(6);

/** PowerShell is not here: its commands are compared as text with those that are run. */
describe('the commands for Windows', () => {
  const options = (block: string): string[] =>
    [...block.matchAll(/ (--?[a-z-]+)/g)].map(([, name = '']) => name);

  it('are as many as those for Linux and macOS, with the same programs and options', () => {
    expect(UNIX).toHaveLength(9);
    expect(WINDOWS).toHaveLength(9);
    const same = [1, 2, 6, 8];
    for (const at of same) expect(options(WINDOWS[at] ?? '')).toEqual(options(UNIX[at] ?? ''));
    expect(options(WINDOWS[5] ?? '').slice(0, 3)).toEqual(options(DECRYPT));
    const program = (block = ''): string =>
      /\b(?:gh api|aws s3 cp|age|pg_restore|psql)\b/.exec(block)?.[0] ?? '';
    for (const at of [1, 2, 5, 6, 7, 8]) expect(program(WINDOWS[at])).toBe(program(UNIX[at]));
  });

  it('have variables of PowerShell, each of which is filled in first', () => {
    const [values = '', ...others] = WINDOWS;
    const named = (text: string): string[] => [...text.matchAll(/\$(env:)?\w+/g)].map(([name]) => name);
    expect(named(others.join('\n')).filter((name) => !named(values).includes(name))).toEqual([]);
    expect(named(values)).toHaveLength(VALUES.split('\n').filter(Boolean).length);
    expect(WINDOWS.join('\n')).not.toMatch(/sha256sum|shasum|\bexport\b|\\$|\$\(|\$\{/m);
    expect(WINDOWS[4]).toContain('Get-FileHash -Algorithm SHA256 $file');
  });
});

describe('the commands for Linux and macOS (thorough)', () => {
  let bed: TestBed;
  let older: Database;
  let bucket: BucketBed;
  let folder: string;
  let rows: ShopRows;
  let recipient: string;
  let targets = 0;
  beforeAll(async () => {
    [bed, older, bucket] = await Promise.all([
      startTestBed(),
      startDatabase({ version: '16' }),
      startS3rver().then(startBucketBed),
    ]);
    folder = await mkdtemp(path.join(tmpdir(), 'by-hand-'));
    for (const server of [bed.database, older]) {
      await server.createDatabase('shop');
      rows = await fillShop(server, { database: 'shop', scale: 0.05 });
    }
    await writeStandInClients(folder, bed.artifacts);
    await execute((await ageBinary()).ageKeygen, ['-o', path.join(folder, 'key.txt')]);
    recipient = /age1\w+/.exec(await readFile(path.join(folder, 'key.txt'), 'utf8'))?.[0] ?? '';
  });
  afterAll(async () => {
    await Promise.all([bed.stop(), older.stop(), bucket.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  /** A backup in each kind of store. */
  async function backUp(server: Database, inputs: Record<string, string>): Promise<ActionRun> {
    const run = await bed.backup({
      inputs: {
        'connection-string': server.urlFor({ database: 'shop' }),
        storage: `artifact\n${bucket.storage('nightly')}\n${folder}/backups/`,
        ...inputs,
      },
      env: bucket.env(),
      secrets: [server.password],
    });
    expectSuccess(run);
    return run;
  }

  /** The same, and what its reader fills in. */
  async function backup(
    server: Database,
    inputs: Record<string, string> = {},
  ): Promise<Record<string, string>> {
    const run = await backUp(server, inputs);
    const { 'backup-file': file = '', 'backup-sha256': sha256 = '', 'artifact-id': id = '' } = run.outputs;
    return { file, sha256, id, repository: bed.artifacts.repository };
  }

  /** Runs them as they are printed, with the values filled in, into an empty database of a server. */
  async function runOn(
    server: Database,
    values: Readonly<Record<string, string>>,
    commands: readonly string[],
    programs = ['/usr/bin', '/bin'],
  ): Promise<{ readonly output: string; readonly database: string }> {
    const database = `target_${(targets += 1)}`;
    const target = await server.createDatabase(database);
    const filled = Object.entries({ ...values, TARGET_DATABASE_URL: `'${target}'` }).reduce(
      (text, [name, value]) => text.replace(new RegExp(`^((?:export )?${name}=)\\S+`, 'm'), `$1${value}`),
      VALUES,
    );
    const [{ directory }, { age }] = await Promise.all([testClientTools(), ageBinary()]);
    const work = path.join(folder, database);
    await mkdir(work);
    await symlink(path.join(folder, 'key.txt'), path.join(work, 'key.txt'));
    const { stdout } = await execute(
      '/bin/bash',
      ['-euo', 'pipefail', '-c', [filled, ...commands].join('\n')],
      {
        cwd: work,
        env: {
          ...bucket.env(),
          AWS_ENDPOINT_URL: bucket.proxy.origin,
          PATH: [directory, path.dirname(age), folder, ...programs].join(':'),
        },
      },
    );
    return { output: stdout, database };
  }

  it('restore an artifact, and show its tables', async () => {
    const values = await backup(bed.database);
    const { output, database } = await runOn(bed.database, values, [FROM_ARTIFACT, CHECK, RESTORE, LOOK]);
    expect(output).toContain(`${values['file'] ?? ''}: OK`);
    expect(output).toMatch(/ shop +\| orders +\| +700/);
    expect(await countRows(bed.database, database)).toEqual(rows);
  });

  it('restore an encrypted backup from a bucket, where there is no sha256sum', async () => {
    const values = await backup(bed.database, { 'age-recipients': recipient });
    // As on macOS: shasum, which is written in Perl, and no sha256sum.
    const programs = path.join(folder, 'programs');
    await mkdir(programs);
    const shasum = ['/usr/bin/shasum', '/usr/bin/core_perl/shasum'].find((file) => existsSync(file));
    for (const program of ['/bin/sed', shasum ?? '/usr/bin/sha256sum'])
      await symlink(program, path.join(programs, path.basename(program)));
    const from = `s3://${bucket.server.bucket}/nightly/shop`;
    const commands = [FROM_BUCKET, CHECK, DECRYPT, RESTORE];
    const { output, database } = await runOn(bed.database, { ...values, from }, commands, [programs]);
    expect(output).toContain(': OK');
    expect(await countRows(bed.database, database)).toEqual(rows);
  });

  it('restore a backup from a folder into a server that is older than the tools', async () => {
    const values = await backup(older);
    const from = path.join(folder, 'backups');
    const { database } = await runOn(older, { ...values, from }, [FROM_FOLDER, CHECK, RESTORE_OLDER]);
    expect(await countRows(older, database)).toEqual(rows);
  });

  it.each([
    ['an artifact', 'artifact', 'gh api'],
    ['a bucket', 'bucket', 'aws s3 cp'],
  ])('in the summary of its run restore a backup from %s', async (_, store, program) => {
    const storage = store === 'artifact' ? store : bucket.storage('summary');
    const { summary } = await backUp(bed.database, { storage });
    const [, commands = ''] = /```sh\n([^]*?)```/.exec(summary) ?? [];
    expect(commands).toContain(program);
    const { output, database } = await runOn(bed.database, {}, [commands]);
    expect(output).toContain(': OK');
    expect(await countRows(bed.database, database)).toEqual(rows);
  });

  it('stop at a file that is not the one that was verified', async () => {
    const values = await backup(bed.database);
    const commands = [FROM_ARTIFACT, 'printf x >> "$file"', CHECK, RESTORE];
    await expect(runOn(bed.database, values, commands)).rejects.toThrow(/did NOT match/);
    expect(await countRows(bed.database, `target_${targets}`)).toEqual({});
  });

  it('list what there is: artifacts, and a bucket', async () => {
    const { file = '', id = '' } = await backup(bed.database);
    const [list = ''] = /^```sh\n([^]*?)^```$/m.exec(page)?.slice(1) ?? [];
    const env = { ...bucket.env(), AWS_ENDPOINT_URL: bucket.proxy.origin, PATH: `${folder}:/usr/bin:/bin` };
    const run = (command: string) => execute('/bin/bash', ['-euc', command], { env });
    const inBucket = /`(aws s3 ls [^`]+)`/.exec(page)?.[1] ?? '';
    const listed = await run(inBucket.replace('BUCKET/PREFIX', `${bucket.server.bucket}/nightly`));
    expect(listed.stdout).toContain(`nightly/shop/${file}`);
    if (!existsSync('/usr/bin/jq')) return;
    const { stdout } = await run(list.replace('OWNER/REPOSITORY', bed.artifacts.repository));
    expect(stdout).toMatch(new RegExp(`^${id}\\t\\d{4}-\\S+\\t\\d+\\t${file}$`, 'm'));
    expect(stdout).not.toContain('.json');
  });
});
