import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectionTo } from '../support/failure-bench.ts';
import { testClientTools } from '../support/client-tools.ts';
import { holdsNothing } from '../support/restored.ts';
import {
  type TestBed,
  expectFailedRestore,
  expectFailure,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';
import { testSession } from '../support/test-session.ts';

let bed: TestBed;
let folder: string;
let url: string;
beforeAll(async () => {
  bed = await startTestBed();
  folder = await mkdtemp(path.join(tmpdir(), 'not-included-'));
  url = await bed.database.createDatabase('lossy');
  await bed.database.sql(
    `CREATE EXTENSION citext; CREATE TABLE conf_of_ext (id int); INSERT INTO conf_of_ext VALUES (1);
     ALTER EXTENSION citext ADD TABLE conf_of_ext; CREATE TABLE kept (id int); SELECT lo_create(0);
     CREATE TABLE split (id int) PARTITION BY RANGE (id);
     CREATE TABLE split_1 PARTITION OF split FOR VALUES FROM (0) TO (10); INSERT INTO split VALUES (1), (2);
     CREATE EXTENSION postgres_fdw; CREATE SERVER far_away FOREIGN DATA WRAPPER postgres_fdw;
     CREATE USER MAPPING FOR PUBLIC SERVER far_away OPTIONS (user 'a', password 'very secret');`,
    'lossy',
  );
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

const backup = (inputs: Record<string, string> = {}, more: Parameters<TestBed['backup']>[0] = {}) =>
  bed.backup({ inputs: { 'connection-string': url, storage: `${folder}/`, ...inputs }, ...more });
/** Names of what is in the database, beside that of the database. */
const NAMES = /conf_of_ext|citext|far_away|split|kept/;

describe('what is not in a backup (thorough)', () => {
  it('is in the summary and the record, and a warning where it would be missed', async () => {
    const run = await backup({ schemas: 'public' });
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([
      expect.stringMatching(/^Not in this backup: tables of extensions: public\.conf_of_ext \(citext\) /),
      expect.stringMatching(/^Not in this backup: large objects: 1 large object .*--large-objects\.$/),
    ]);
    const section = run.summary.split('### ').find((each) => each.startsWith('Not in')) ?? '';
    expect(section).toMatch(/⚠️ \*\*tables of extensions\*\*.*conf/);
    expect(section).toMatch(/⚠️ \*\*large objects\*\*.*1 large object/);
    expect(section).toMatch(/\n\nAs always: roles and their memberships, tablespaces and other databases\./);
    const record: unknown = JSON.parse(await readFile(`${run.outputs['backup-path'] ?? ''}.json`, 'utf8'));
    expect(record).toMatchObject({
      notIncluded: [
        { what: 'roles and their memberships, tablespaces and other databases' },
        { what: 'all but these schemas', names: ['public'], why: 'schemas' },
        { what: 'tables of extensions', names: ['public.conf_of_ext (citext)'] },
        { what: 'large objects', names: ['1 large object'] },
        { what: 'objects of the whole database' },
      ],
    });
  });

  it('is one line if it is nothing', async () => {
    const run = await backup({ 'connection-string': await bed.database.createDatabase('empty_one') });
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([]);
    expect(run.summary).toContain(
      '### Not in this backup\n\nNothing of the database was left out.\n\nAs always:',
    );
  });

  it('has no name if the backup is encrypted, and passwords are safe then', async () => {
    const open = await backup();
    expect(remarksOf(open).join()).toMatch(
      /contains what seems to be passwords: user mapping public SERVER far_away/,
    );
    const run = await backup({ 'age-passphrase': 'correct horse battery staple' });
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([
      expect.stringMatching(
        /^Not in this backup: tables of extensions\. What is in the database is not named/,
      ),
    ]);
    expect(run.summary).toContain('**tables of extensions**');
    const record = await readFile(`${run.outputs['backup-path'] ?? ''}.json`, 'utf8');
    expect(`${run.log}${run.summary}${record}`).not.toMatch(NAMES);
    expect(record).toContain('"what":"tables of extensions","names":[]');
  });

  it('is not the partitions of a table that is named', async () => {
    const run = await backup({ tables: 'split' });
    expectSuccess(run);
    expect(run.outputs).toMatchObject({ tables: '1', rows: '2' });
    const before = bed.artifacts.artifacts().length;
    expectFailure(
      await backup({ tables: 'kept\nconf_of_ext' }),
      /^tables: conf_of_ext: what it names is not in the archive/,
      bed.artifacts,
      before,
    );
  });
});

describe('rows in SQL_ASCII that are not UTF-8 (thorough)', () => {
  it('are warned of at the backup, and refused by a database in UTF8 before anything changes', async () => {
    const sqlAscii = async (name: string): Promise<string> => {
      const encoding = `TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`;
      await bed.database.query(`CREATE DATABASE ${name} ${encoding}`);
      return bed.database.urlFor({ database: name });
    };
    const source = await sqlAscii('no_encoding');
    const session = testSession(
      await testClientTools(),
      connectionTo(bed.database, { PGDATABASE: 'no_encoding' }),
    );
    await session.query(
      `CREATE TABLE good (t text); INSERT INTO good VALUES (E'gr\\303\\274n');
       CREATE TABLE bad (t text); INSERT INTO bad VALUES (E'gr\\374n');`,
      1,
    );
    const made = await backup({ 'connection-string': source });
    expectSuccess(made);
    expect(remarksOf(made)).toEqual([
      expect.stringMatching(/^Rows of public\.bad contain bytes that are not valid UTF-8\. /),
    ]);
    const to = async (target: string, more: Record<string, string> = {}) =>
      bed.restore({
        inputs: { 'connection-string': target, path: made.outputs['backup-path'] ?? '', ...more },
      });
    const utf8 = await bed.database.createDatabase('in_utf8');
    expectFailedRestore(await to(utf8), /^Rows of public\.bad contain bytes that are not valid in UTF8/);
    expect(await holdsNothing(bed.database, 'in_utf8')).toBe(true);
    expectSuccess(await to(utf8, { tables: 'good' }));
    expectSuccess(await to(await sqlAscii('no_encoding_again')));
  });
});
