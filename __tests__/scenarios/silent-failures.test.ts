import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ageBinary } from '../support/age-binary.ts';
import type { ActionRun } from '../support/runner.ts';
import {
  type TestBed,
  errorsOf,
  expectFailure,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';

const execute = promisify(execFile);
const PUBLIC = { repository: { full_name: 'example/shop', private: false, visibility: 'public' } };
const NAMES = /ledger|payroll|raise_pay/;

let bed: TestBed;
let folder: string;
let shopUrl: string;
let recipient: string;
let identity: string;
beforeAll(async () => {
  bed = await startTestBed();
  shopUrl = await bed.database.createDatabase('shop');
  await bed.database.sql(
    `CREATE ROLE reader LOGIN PASSWORD 'reads nothing of it';
     CREATE ROLE clerk;
     CREATE SCHEMA payroll;
     CREATE TABLE payroll.ledger (amount int);
     INSERT INTO payroll.ledger VALUES (4711);
     CREATE FUNCTION payroll.raise_pay() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
     ALTER FUNCTION payroll.raise_pay() OWNER TO clerk;
     GRANT EXECUTE ON FUNCTION payroll.raise_pay() TO PUBLIC;`,
    'shop',
  );
  folder = await mkdtemp(path.join(tmpdir(), 'keys-'));
  const { ageKeygen } = await ageBinary();
  await execute(ageKeygen, ['-o', path.join(folder, 'key.txt')]);
  const key = await readFile(path.join(folder, 'key.txt'), 'utf8');
  recipient = /age1\w+/.exec(key)?.[0] ?? '';
  identity = /AGE-SECRET-KEY-1\w+/.exec(key)?.[0] ?? '';
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

const shown = (run: ActionRun): string => [run.log, run.summary, JSON.stringify(run.outputs)].join('\n');
const readerUrl = (): string =>
  bed.database.urlFor({ user: 'reader', password: 'reads nothing of it', database: 'shop' });

describe('a silent backup that fails', () => {
  it('does not name what its user cannot read, and says how to see it', async () => {
    const inputs = { 'connection-string': readerUrl() };
    const told = await bed.backup({ inputs, debug: true });
    expect(errorsOf(told)[0]).toMatch(NAMES);
    const run = await bed.backup({ inputs: { ...inputs, 'age-recipients': recipient }, debug: true });
    const annotation =
      /lacks the privilege to read some of the tables[^]*grant the user pg_read_all_data[^]*because the backup is encrypted\. To see the names, run/;
    expectFailure(run, annotation, bed.artifacts);
    expect(shown(run)).not.toMatch(NAMES);
  });

  it('does not name the table that pg_dump complains about', async () => {
    const inputs = { 'connection-string': readerUrl(), 'pg-dump-args': '--role=reader' };
    const told = await bed.backup({ inputs, debug: true });
    expect(shown(told)).toMatch(NAMES);
    const run = await bed.backup({
      inputs: { ...inputs, 'allow-plaintext-on-public': 'true' },
      event: PUBLIC,
      debug: true,
    });
    expectFailure(run, /pg_dump failed[^]*because this repository is public/, bed.artifacts);
    expect(shown(run)).not.toMatch(NAMES);
  });
});

describe('a restore of an encrypted backup', () => {
  let backup: string;
  beforeAll(async () => {
    const inputs = { 'connection-string': shopUrl, 'backup-name': 'sealed', 'age-recipients': recipient };
    const made = await bed.backup({ inputs });
    expectSuccess(made);
    backup = made.outputs['backup-file'] ?? '';
  });
  const restore = async (database: string, inputs: Record<string, string> = {}): Promise<ActionRun> =>
    bed.restore({
      inputs: {
        'connection-string': bed.database.urlFor({ database }),
        backup,
        'age-identity': identity,
        ...inputs,
      },
      debug: true,
    });

  it('shows nothing of its content, and warns of more rights without a name', async () => {
    await bed.database.createDatabase('quiet');
    const run = await restore('quiet', { 'no-owner': 'true' });
    expectSuccess(run);
    expect(shown(run)).not.toMatch(NAMES);
    expect(run.outputs).toMatchObject({ tables: '', rows: '', verified: 'true' });
    expect(remarksOf(run).join('\n')).toMatch(
      /owner of the function 1 object, because it runs with the rights of its owner \(SECURITY DEFINER\)[^]*pg_restore on a machine of your own/,
    );
    expect(JSON.parse(run.outputs['left-out'] ?? '')).toContainEqual(
      expect.objectContaining({ what: 'owner of the function', names: [] }),
    );
  });

  it('is refused without a name where the target is not empty', async () => {
    const run = await restore('shop');
    expect([run.exitCode, errorsOf(run)]).toEqual([
      1,
      [expect.stringMatching(/The database "shop" is not empty\.[^]*confirm-database: shop/)],
    ]);
    expect(shown(run)).not.toMatch(NAMES);
  });
});

describe('a restore in a public repository', () => {
  it('shows nothing of the content', async () => {
    const made = await bed.backup({ inputs: { 'connection-string': shopUrl, 'backup-name': 'open' } });
    expectSuccess(made);
    const target = await bed.database.createDatabase('public_target');
    const run = await bed.restore({
      inputs: { 'connection-string': target, backup: made.outputs['backup-file'] ?? '' },
      event: PUBLIC,
      debug: true,
    });
    expectSuccess(run);
    expect(shown(run)).not.toMatch(NAMES);
    expect(run.outputs).toMatchObject({ tables: '', rows: '' });
  });
});
