import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { forgedArchive } from '../support/forged-archive.ts';
import type { ActionRun } from '../support/runner.ts';
import { type TestBed, expectSuccess, remarksOf, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
let folder: string;
let backup: ActionRun;
let targets = 0;

beforeAll(async () => {
  bed = await startTestBed();
  folder = await mkdtemp(path.join(tmpdir(), 'database-settings-'));
  const url = await bed.database.createDatabase('shop');
  await bed.database.sql('CREATE TABLE t (id int); INSERT INTO t VALUES (1)', 'shop');
  await bed.database.sql(
    `CREATE ROLE app; ALTER DATABASE shop SET work_mem = '5MB'; ALTER DATABASE shop SET "app.secret" = 'hunter2';
     ALTER ROLE app IN DATABASE shop SET search_path = app, public; COMMENT ON DATABASE shop IS 'orders';
     ALTER DATABASE shop SET log_min_duration_statement = 5; GRANT CREATE ON DATABASE shop TO app`,
  );
  backup = await bed.backup({
    inputs: { 'connection-string': url, storage: `artifact\n${folder}/`, compression: 'none' },
  });
  expectSuccess(backup);
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

async function restored(
  inputs: Readonly<Record<string, string>>,
  as?: { readonly user: string; readonly password: string },
): Promise<{ readonly run: ActionRun; readonly database: string; readonly state: unknown }> {
  targets += 1;
  const database = `target_${targets}`;
  await bed.database.createDatabase(database, as ? { owner: as.user } : {});
  const run = await bed.restore({
    inputs: { 'connection-string': bed.database.urlFor({ database, ...as }), ...inputs },
    secrets: ['hunter2', ...(as ? [as.password] : [])],
  });
  expectSuccess(run);
  return { run, database, state: await stateOf(database) };
}

async function stateOf(database: string): Promise<unknown> {
  const [row] = await bed.database.query(
    `SELECT shobj_description(d.oid, 'pg_database') AS comment, datacl::text AS acl,
       (SELECT array_agg(coalesce(setrole::regrole::text, '') || ' ' || setconfig::text ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid)::text AS settings
     FROM pg_database d WHERE datname = $1`,
    { values: [database] },
  );
  return row;
}

const NOTHING = { comment: null, acl: null, settings: null };

describe('the settings of a database (thorough)', () => {
  it('are set in the target under its own name, and verified', async () => {
    const { run, state } = await restored({ 'backup-name': 'shop', 'database-settings': 'true' });
    expect(state).toEqual(await stateOf('shop'));
    expect(run.outputs).toMatchObject({ verified: 'true', 'left-out': '[]' });
    expect(run.summary).toContain('Nothing was left out, changed or dropped.');
    expect(remarksOf(run)).toEqual([]);
  });

  it('are left out otherwise, and named with the statements, but not with what may be a secret', async () => {
    const { run, database, state } = await restored({ 'backup-name': 'shop' });
    expect(state).toEqual(NOTHING);
    expect(run.summary).toMatch(
      /### Left out or changed[^]*setting of the database work&#95;mem[^]*Left out/,
    );
    expect(run.summary).toContain(`\nALTER DATABASE "${database}" SET "work_mem" TO '5MB';\n`);
    expect(run.outputs['left-out']).toContain(`SET \\"app.secret\\" TO '…';`);
    expect(run.log).toContain(
      `Will leave out comment on the database ${database}: database-settings is false`,
    );
    expect(remarksOf(run)).toHaveLength(2);
    for (const text of [run.log, run.summary, JSON.stringify(run.outputs)])
      expect(text).not.toContain('hunter2');
  });

  it('are set by the owner of the target as far as the server lets it, and the rest is named', async () => {
    const as = await bed.database.createRole('tenant');
    const { run, state } = await restored({ 'backup-name': 'shop', 'database-settings': 'true' }, as);
    expect(state).toEqual({
      comment: 'orders',
      acl: '{=Tc/tenant,tenant=CTc/tenant,app=C/tenant}',
      settings: '{"- {work_mem=5MB}"}',
    });
    expect(remarksOf(run)).toEqual([
      'Left out: setting of the database app.secret, log_min_duration_statement, search_path of app, because tenant may not set it',
    ]);
    expect(run.outputs['verified']).toBe('true');
  });

  it('are named nowhere in a restore that shows nothing', async () => {
    const passphrase = 'correct horse battery';
    const sealed = await bed.backup({
      inputs: {
        ...{ 'connection-string': bed.database.urlFor({ database: 'shop' }), 'backup-name': 'sealed' },
        'age-passphrase': passphrase,
      },
      secrets: [passphrase, 'hunter2'],
    });
    expectSuccess(sealed);
    const { run, state } = await restored({ 'backup-name': 'sealed', 'age-passphrase': passphrase });
    expect(state).toEqual(NOTHING);
    for (const text of [run.log, run.summary, JSON.stringify(run.outputs)]) {
      expect(text).not.toMatch(/work_mem|work&#95;mem|app\.secret|orders|ALTER DATABASE/);
    }
  });

  it('are only what pg_dump writes: another statement among them is never run', async () => {
    const forged = path.join(folder, 'forged.bak');
    const archive = await readFile(backup.outputs['backup-path'] ?? '');
    const changed = forgedArchive(archive, ({ entries }) => {
      for (const entry of entries) {
        if (entry.kind !== 'DATABASE PROPERTIES') continue;
        entry.definition = `ALTER ROLE app SUPERUSER;\nALTER DATABASE postgres SET work_mem TO '1MB';\n${entry.definition}`;
      }
    });
    await writeFile(forged, changed);
    const { run, state } = await restored({ path: forged, 'database-settings': 'true' });
    expect(state).toEqual(await stateOf('shop'));
    expect(remarksOf(run).join('\n')).toContain('2 statements about the database in the backup');
    expect(await bed.database.query(`SELECT rolsuper FROM pg_roles WHERE rolname = 'app'`)).toEqual([
      { rolsuper: false },
    ]);
    expect(await stateOf('postgres')).toMatchObject({ settings: null });
  });
});
