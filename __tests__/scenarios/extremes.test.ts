import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestBed, expectSuccess, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  // pg_dump locks every table, and a script of the test makes them all in one transaction.
  bed = await startTestBed({ settings: ['max_locks_per_transaction = 512'] });
});
afterAll(() => bed.stop());

describe('an extreme database', () => {
  it('of 10,000 small tables is backed up, and every one is counted (thorough)', async () => {
    const url = await bed.database.createDatabase('many');
    for (let batch = 0; batch < 10; batch++) {
      await bed.database.sql(
        `DO $$ BEGIN FOR i IN 1..1000 LOOP
           EXECUTE format('CREATE TABLE t_${batch}_%s (id int); INSERT INTO t_${batch}_%1$s VALUES (%1$s)', i);
         END LOOP; END $$`,
        'many',
      );
    }
    const run = await bed.backup({ inputs: { 'connection-string': url }, timeoutMs: 300_000 });
    expectSuccess(run);
    expect([run.outputs['tables'], run.outputs['rows']]).toEqual(['10000', '10000']);
  }, 400_000);

  it('with a row of 200 MB is backed up in little memory (thorough)', async () => {
    const url = await bed.database.createDatabase('wide');
    await bed.database.sql(
      `CREATE TABLE wide (a text, b text);
       INSERT INTO wide SELECT repeat(md5('1'), 3125000), repeat(md5('2'), 3125000)`,
      'wide',
    );
    const run = await bed.backup({ inputs: { 'connection-string': url }, timeoutMs: 300_000 });
    expectSuccess(run);
    expect(run.outputs['rows']).toBe('1');
    expect(run.summary).toContain('200 MB');
    expect(run.peakRssBytes ?? 0).toBeLessThan(256_000_000);
  }, 400_000);

  it('that is empty is backed up too', async () => {
    const url = await bed.database.createDatabase('empty');
    const run = await bed.backup({ inputs: { 'connection-string': url } });
    expectSuccess(run);
    expect([run.outputs['tables'], run.outputs['rows']]).toEqual(['0', '0']);
    expect(run.summary).toContain('contains no rows');
  });

  it('with hostile names can inject nothing into log, summary or file name (thorough)', async () => {
    const name = '::add-mask::x|<b>\n# [a](b)';
    const url = await bed.database.createDatabase(name);
    await bed.database.sql(
      `CREATE TABLE "::set-output name=rows::0
::error::injected" (id int);
       INSERT INTO "::set-output name=rows::0
::error::injected" VALUES (1), (2);
       CREATE TABLE "##[error]injected" ("a
b" int);`,
      name,
    );
    const run = await bed.backup({ inputs: { 'connection-string': url } });
    expectSuccess(run);
    expect(run.outputs).toMatchObject({ rows: '2', tables: '2', database: name });
    expect(run.annotations).toEqual([]);
    expect(run.outputs['artifact-name']).toMatch(/^__add-mask__x__b__# \[a\]\(b\)-\d{8}T\d{6}Z-\w{8}\.bak$/);
    const outsideCode = run.summary.replace(/```sh[\s\S]*?```/g, '');
    expect(outsideCode).not.toMatch(/<b>|\[a\]\(|^# /m);
  });
});
