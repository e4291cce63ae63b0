import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serializeRecord } from '../../src/storage/record.ts';
import { ageBinary } from '../support/age-binary.ts';
import { describeDatabase } from '../support/difficult-schema.ts';
import type { ActionRun } from '../support/runner.ts';
import { openRecordFor } from '../support/seeded-record.ts';
import { type ShopRows, countRows, fillShop } from '../support/shop.ts';
import {
  type TestBed,
  expectFailedRestore,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';

const execute = promisify(execFile);

/** Of the series that the first backup begins; others follow. */
const SHOP = { 'backup-name': 'shop' };

let bed: TestBed;
let shop: ShopRows;
let description: string;
let backup: ActionRun;
let folder: string;
let targets = 0;
beforeAll(async () => {
  bed = await startTestBed({ emptyToolCache: true });
  const url = await bed.database.createDatabase('shop');
  shop = await fillShop(bed.database, { database: 'shop', scale: 0.2 });
  description = await describeDatabase(bed.database, 'shop');
  folder = await mkdtemp(path.join(tmpdir(), 'restore-'));
  backup = await bed.backup({ inputs: { 'connection-string': url, storage: `artifact\n${folder}/` } });
  expectSuccess(backup);
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

/** An empty database, and the restore into it. */
async function target(): Promise<{
  name: string;
  restore: (inputs?: Record<string, string>, secrets?: string[]) => Promise<ActionRun>;
}> {
  targets += 1;
  const name = `target_${targets}`;
  const url = await bed.database.createDatabase(name);
  return {
    name,
    restore: (inputs = SHOP, secrets = []) =>
      bed.restore({ inputs: { 'connection-string': url, ...inputs }, secrets }),
  };
}

async function isEmpty(database: string): Promise<boolean> {
  const rows = await bed.database.query(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^(pg_|information_schema)'`,
    { database },
  );
  return rows.length === 0;
}

describe('a restore', () => {
  it('of the latest backup restores every row, verifies them, and reports it', async () => {
    const { name, restore } = await target();
    const run = await restore();
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([]);
    expect(await countRows(bed.database, name)).toEqual(shop);
    expect(await describeDatabase(bed.database, name)).toBe(description);
    expect(run.outputs).toEqual({
      'backup-file': backup.outputs['artifact-name'],
      'artifact-id': backup.outputs['artifact-id'],
      'artifact-name': backup.outputs['artifact-name'],
      database: name,
      tables: backup.outputs['tables'],
      rows: backup.outputs['rows'],
      verified: 'true',
      'left-out': '[]',
      'duration-seconds': expect.stringMatching(/^\d+\.\d$/),
    });
    expect(run.log).toMatch(
      /Read back 10 tables[^]*Will create 11 tables[^]*Restored 10 tables[^]*Verified in/,
    );
    expect(run.summary).toContain('is restored and verified');
    expect(run.summary).toContain('### Left out or changed\n\nNothing was left out, changed or dropped.');
    expect(run.summary).toContain(`/artifacts/${backup.outputs['artifact-id'] ?? ''}`);
  });

  it.each([
    ['the name of an artifact', () => ({ backup: backup.outputs['artifact-name'] ?? '' })],
    ['the id of an artifact', () => ({ backup: backup.outputs['artifact-id'] ?? '' })],
    ['a series', () => ({ 'backup-name': 'shop' })],
    ['a local file', () => ({ path: backup.outputs['backup-path'] ?? '' })],
  ])('accepts %s as the backup to restore (thorough)', async (_, inputs) => {
    const { name, restore } = await target();
    const run = await restore(inputs());
    expectSuccess(run);
    expect(await countRows(bed.database, name)).toEqual(shop);
    expect(run.outputs['verified']).toBe('true');
  });

  it('with verify: false reports that nothing was verified', async () => {
    const { name, restore } = await target();
    const run = await restore({ ...SHOP, verify: 'false' });
    expectSuccess(run);
    expect(run.outputs['verified']).toBe('false');
    expect(run.summary).toContain('is restored, but not verified');
    expect(await countRows(bed.database, name)).toEqual(shop);
  });

  it('puts its client tools on PATH for later steps with add-to-path', async () => {
    const { restore } = await target();
    const run = await restore({ ...SHOP, verify: 'false', 'add-to-path': 'true' });
    expectSuccess(run);
    expect(run.path).toEqual([backup.outputs['bin-directory']]);
  });

  it('over several connections is verified too', async () => {
    const { name, restore } = await target();
    const run = await restore({ ...SHOP, jobs: '3' });
    expectSuccess(run);
    expect(run.outputs['verified']).toBe('true');
    expect(await describeDatabase(bed.database, name)).toBe(description);
  });

  it('of some tables restores these tables with what belongs to them, and nothing else', async () => {
    const { name, restore } = await target();
    const run = await restore({ ...SHOP, tables: 'shop.customers\nshop.orders' });
    expectSuccess(run);
    expect(run.outputs['tables']).toBe('2');
    const tables = await bed.database.query(
      `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'shop'::regnamespace ORDER BY 1`,
      { database: name },
    );
    expect(tables).toEqual([{ relname: 'customers' }, { relname: 'orders' }]);
  });

  it('of a backup that does not exist lists the backups that do', async () => {
    const { name, restore } = await target();
    const run = await restore({ 'backup-name': 'inventory' });
    expectFailedRestore(run, /inventory/);
    expect(run.annotations.map(({ message }) => message).join()).toContain(
      backup.outputs['artifact-name'] ?? '-',
    );
    expect(await isEmpty(name)).toBe(true);
  });
});

describe('an encrypted backup', () => {
  it('can be restored with the secret key alone', async () => {
    const { ageKeygen } = await ageBinary();
    await execute(ageKeygen, ['-o', path.join(folder, 'key.txt')]);
    const key = await readFile(path.join(folder, 'key.txt'), 'utf8');
    const [recipient = ''] = /age1\w+/.exec(key) ?? [];
    const [identity = ''] = /AGE-SECRET-KEY-1\w+/.exec(key) ?? [];
    const made = await bed.backup({
      inputs: {
        'connection-string': bed.database.urlFor({ database: 'shop' }),
        'backup-name': 'sealed',
        'age-recipients': recipient,
      },
    });
    expectSuccess(made);

    const { name, restore } = await target();
    const sealed = { 'backup-name': 'sealed' };
    expectFailedRestore(await restore(sealed), /encrypted with age[^]*age-identity/);
    const other = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX';
    expectFailedRestore(await restore({ ...sealed, 'age-identity': other }, [other]), /age-identity/);
    expect(await isEmpty(name)).toBe(true);

    const run = await restore({ ...sealed, 'age-identity': key }, [identity]);
    expectSuccess(run);
    expect(await countRows(bed.database, name)).toEqual(shop);
  });
});

describe('a target that is not empty', () => {
  it('is changed only if confirm-database names it, and replaced only with clean', async () => {
    const { name, restore } = await target();
    await bed.database.sql('CREATE TABLE keep_me (id int); INSERT INTO keep_me VALUES (1)', name);
    expectFailedRestore(await restore(), new RegExp(`not empty[^]*confirm-database: ${name}`));
    expectFailedRestore(await restore({ ...SHOP, 'confirm-database': 'other' }), /confirm-database[^]*other/);
    expectFailedRestore(await restore({ ...SHOP, clean: 'true' }), /not empty/);

    // Nothing of the backup is in the way: the name alone is enough.
    expectSuccess(await restore({ ...SHOP, 'confirm-database': name }));
    expect(await countRows(bed.database, name)).toEqual(shop);

    await bed.database.query('DELETE FROM shop.order_lines', { database: name });
    expectFailedRestore(await restore({ ...SHOP, 'confirm-database': name }), /clean: true/);
    const run = await restore({ ...SHOP, 'confirm-database': name, clean: 'true' });
    expectSuccess(run);
    expect(await countRows(bed.database, name)).toEqual(shop);
    expect(await bed.database.query('SELECT id FROM keep_me', { database: name })).toEqual([{ id: 1 }]);
    expect(run.log).toMatch(/Will replace [^]*Will leave alone 1 table: public\.keep_me/);
  });

  it('needs both inputs if it is the database that the backup came from (thorough)', async () => {
    const origin = bed.database.urlFor({ database: 'shop' });
    const restore = (inputs: Record<string, string>) =>
      bed.restore({ inputs: { 'connection-string': origin, ...inputs } });
    expectFailedRestore(
      await restore({ ...SHOP, 'confirm-database': 'shop' }),
      /came from this database[^]*clean: true/,
    );
    expectFailedRestore(await restore({ ...SHOP, clean: 'true' }), /confirm-database/);
    await bed.database.query('DELETE FROM shop.order_lines', { database: 'shop' });
    expectSuccess(await restore({ ...SHOP, 'confirm-database': 'shop', clean: 'true' }));
    expect(await countRows(bed.database, 'shop')).toEqual(shop);
  });
});

describe('a damaged backup', () => {
  it('is not restored when the stored bytes differ from the uploaded ones', async () => {
    const { name, restore } = await target();
    bed.artifacts.faults = { blobGet: { answer: 'corrupt' } };
    try {
      expectFailedRestore(
        await restore(),
        /SHA-256|does not match what was recorded|cannot be used: it is not JSON/,
      );
    } finally {
      bed.artifacts.faults = {};
    }
    expect(await isEmpty(name)).toBe(true);
  });

  it('is refused when its content does not match its record', async () => {
    const { name, restore } = await target();
    const file = path.join(folder, 'shop-20260101T000000Z-01234567.bak');
    const content = await bed.artifacts.read(backup.outputs['artifact-name'] ?? '');
    await writeFile(file, content);
    await writeFile(`${file}.json`, serializeRecord(openRecordFor(path.basename(file), content)));
    const run = await restore({ path: file });
    expectFailedRestore(run, /not what its record says: public\.customers is missing, /);
    expect(await isEmpty(name)).toBe(true);
  });
});

describe('a server that crashes', () => {
  it('during a restore leaves the target empty, and the step fails', async () => {
    const { name, restore } = await target();
    await bed.database.sql(
      `CREATE SCHEMA hold; CREATE FUNCTION hold.slow() RETURNS event_trigger LANGUAGE plpgsql AS
       $$ BEGIN IF tg_tag = 'CREATE INDEX' THEN PERFORM pg_sleep(30); END IF; END $$;
       CREATE EVENT TRIGGER slow ON ddl_command_end EXECUTE FUNCTION hold.slow();`,
      name,
    );
    const running = restore({ ...SHOP, 'confirm-database': name });
    const atWork = async (): Promise<void> => {
      while (!(await isAtWork(name))) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await Promise.race([atWork(), running]);
    await bed.database.crash();
    const run = await running;
    await bed.database.start();
    expectFailedRestore(run, /Nothing was changed/);
    expect(await isEmpty(name)).toBe(true);
  });

  const isAtWork = async (name: string): Promise<boolean> =>
    (await bed.database.sessions()).some(
      ({ database, query }) => database === name && /CREATE (?:UNIQUE )?INDEX/.test(query),
    );
});
