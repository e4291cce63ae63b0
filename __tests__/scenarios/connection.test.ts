import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Database, startDatabase } from '../support/database.ts';
import { fillShop } from '../support/shop.ts';
import { type TestBed, expectFailure, expectSuccess, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await startTestBed();
  await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop', scale: 0.1 });
});
afterAll(() => bed.stop());

const backup = (url: string, inputs: Record<string, string> = {}) =>
  bed.backup({ inputs: { 'connection-string': url, ...inputs }, secrets: ['wrong password'] });

describe('a server that refuses the connection', () => {
  it('because of the password fails the step at once, without another attempt', async () => {
    const run = await backup(bed.database.urlFor({ password: 'wrong password' }));
    expectFailure(run, /refused the password of the user "postgres"/, bed.artifacts);
    expect(run.log).not.toContain('Trying again');
  });

  it('because the database does not exist fails the step with that reason (thorough)', async () => {
    expectFailure(
      await backup(bed.database.urlFor({ database: 'nope' })),
      /no database "nope"/,
      bed.artifacts,
    );
  });

  it('because the host does not exist fails the step with that reason (thorough)', async () => {
    const url = 'postgres://user:wrong%20password@no-such-host.invalid/db';
    expectFailure(
      await backup(url, { 'connection-attempts': '1' }),
      /"no-such-host.invalid" is not known|temporary DNS/,
      bed.artifacts,
    );
  });

  it('because nothing listens is tried as often as connection-attempts says, then fails the step', async () => {
    const run = await backup('postgres://user:wrong%20password@127.0.0.1:1/db', {
      'connection-attempts': '2',
    });
    expectFailure(run, /Nothing accepts connections/, bed.artifacts);
    expect(run.log.match(/Trying again/g)).toHaveLength(1);
  });

  it('because it offers no TLS, which the URL requires, fails the step with that reason (thorough)', async () => {
    const url = bed.database.urlFor({ database: 'shop', params: { sslmode: 'require' } });
    expectFailure(await backup(url), /requires TLS/, bed.artifacts);
  });

  it('because it requires TLS fails the step without TLS, and accepts the connection with TLS (thorough)', async () => {
    const tls = await startDatabase({ ssl: 'required' });
    try {
      expectFailure(
        await backup(tls.urlFor({ params: { sslmode: 'disable' } })),
        /encrypted connections only/,
        bed.artifacts,
      );
      expectFailure(
        await backup(tls.urlFor({ params: { sslmode: 'verify-full', sslrootcert: 'system' } })),
        /certificate could not be verified/,
        bed.artifacts,
      );
      const run = await backup(tls.urlFor({ params: { sslmode: 'require' } }), { 'backup-name': 'tls' });
      expectSuccess(run);
    } finally {
      await tls.stop();
    }
  });

  it('because it has no free connection is tried again until it has (thorough)', async () => {
    const role = await bed.database.createRole('narrow', {
      attributes: 'CONNECTION LIMIT 0 IN ROLE pg_read_all_data',
    });
    const url = bed.database.urlFor({ database: 'shop', ...role });
    const before = bed.artifacts.artifacts().length;
    expectFailure(
      await backup(url, { 'connection-attempts': '1' }),
      /no free connection/,
      bed.artifacts,
      before,
    );
    let freed = Promise.resolve<unknown>(undefined);
    const run = await bed.backup({
      inputs: { 'connection-string': url, 'backup-name': 'narrow', 'exclude-schemas': '' },
      secrets: [role.password],
      onLine: (line) => {
        if (line.includes('Trying again')) freed = bed.database.query('ALTER ROLE narrow CONNECTION LIMIT 5');
      },
    });
    await freed;
    expect(run.log).toMatch(/Attempt 1 of 5: The server has no free connection/);
    expect(run.log).toContain('Connected to shop');
  });
});

describe('a role that lacks privileges', () => {
  it('gets an error with every table that it may not read, before the dump', async () => {
    const role = await bed.database.createRole('reader');
    await bed.database.sql(
      'GRANT USAGE ON SCHEMA shop TO reader; GRANT SELECT ON shop.customers TO reader',
      'shop',
    );
    const url = bed.database.urlFor({ database: 'shop', ...role });
    const before = bed.artifacts.artifacts().length;
    const run = await bed.backup({ inputs: { 'connection-string': url }, secrets: [role.password] });
    expectFailure(
      run,
      /The user reader lacks the privilege to read .*shop\.orders \(no SELECT\)[\s\S]*pg_read_all_data/,
      bed.artifacts,
      before,
    );
    expect(run.log).not.toContain('Dumping');
    expect(run.log).not.toContain('shop.customers (');
  });

  it('can back up the tables that it may read (thorough)', async () => {
    const role = await bed.database.createRole('customer_reader');
    await bed.database.sql(
      'GRANT USAGE ON SCHEMA shop TO customer_reader; GRANT SELECT ON shop.customers TO customer_reader',
      'shop',
    );
    const url = bed.database.urlFor({ database: 'shop', ...role });
    const inputs = { 'connection-string': url, tables: 'shop.customers', 'backup-name': 'customers' };
    const before = bed.artifacts.artifacts().length;
    const refused = await bed.backup({ inputs, secrets: [role.password] });
    expectFailure(
      refused,
      /lacks the privilege to read 1 of .*: shop\.customers_id_seq \(no SELECT\)\./,
      bed.artifacts,
      before,
    );
    await bed.database.sql('GRANT SELECT ON SEQUENCE shop.customers_id_seq TO customer_reader', 'shop');
    const run = await bed.backup({ inputs, secrets: [role.password] });
    expectSuccess(run);
    expect(run.outputs['tables']).toBe('1');
  });

  it('gets an error about row-level security, which would hide rows from the backup', async () => {
    await bed.database.createDatabase('secured');
    const role = await bed.database.createRole('tenant', { attributes: 'IN ROLE pg_read_all_data' });
    await bed.database.sql(
      'CREATE TABLE notes (id int); ALTER TABLE notes ENABLE ROW LEVEL SECURITY',
      'secured',
    );
    const url = bed.database.urlFor({ database: 'secured', ...role });
    const before = bed.artifacts.artifacts().length;
    const run = await bed.backup({ inputs: { 'connection-string': url }, secrets: [role.password] });
    expectFailure(run, /public\.notes \(row-level security\)[\s\S]*BYPASSRLS/, bed.artifacts, before);
  });
});

describe('filters that match nothing (thorough)', () => {
  it.each([
    ['tables', 'shop.no_such_table'],
    ['schemas', 'no_such_schema'],
  ])('cause an error that names the %s input', async (input, pattern) => {
    const before = bed.artifacts.artifacts().length;
    const run = await backup(bed.database.urlFor({ database: 'shop' }), { [input]: pattern });
    expectFailure(
      run,
      new RegExp(`The ${input} input matches nothing.*"${pattern.replace('.', '\\.')}"`),
      bed.artifacts,
      before,
    );
  });
});

describe('a server that is newer than the client tools of a fixed postgres-version', () => {
  let newer: Database;
  beforeAll(async () => {
    newer = await startDatabase({ version: '18' });
  });
  afterAll(() => newer.stop());

  it('is refused before the dump, and the error says which version to set', async () => {
    const before = bed.artifacts.artifacts().length;
    expectFailure(
      await backup(newer.url, { 'postgres-version': '17' }),
      /The server is PostgreSQL 18[\s\S]*"postgres-version: 18"/,
      bed.artifacts,
      before,
    );
  });
});

describe('the connection of every tool', () => {
  it('is only in the environment of psql and pg_dump, and no other secret is', async () => {
    const run = await backup(bed.database.urlFor({ database: 'shop' }), { 'backup-name': 'audit' });
    expectSuccess(run);
    const tools = run.processes.filter(({ argv }) =>
      /\b(psql|pg_dump|pg_restore|apt-get)\b/.test(argv.join(' ')),
    );
    expect(tools.length).toBeGreaterThan(0);
    for (const { argv, environment } of tools) {
      const names = Object.keys(environment);
      expect(names.filter((name) => /^(INPUT_|ACTIONS_|GITHUB_|RUNNER_TOKEN)/.test(name))).toEqual([]);
      const needsConnection =
        argv.some((word) => /\b(psql|pg_dump)$/.test(word)) && !argv.includes('--version');
      expect([argv.join(' '), names.includes('PGPASSWORD')]).toEqual([argv.join(' '), needsConnection]);
    }
  });
});
