import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageOf } from '../../src/errors.ts';
import { circlesSql } from '../support/difficult-schema/circles.ts';
import { describeDatabase } from '../support/difficult-schema.ts';
import { fillRegression, regressionSources } from '../support/regression-database.ts';
import { differingLines, leftOutOfSummary } from '../support/restored.ts';
import type { ActionRun } from '../support/runner.ts';
import { type TestBed, expectSuccess, startTestBed } from '../support/test-bed.ts';

/** An operator that another one names, and nobody ever made; a materialized view that was not refreshed: no archive has them. */
const IN_NO_ARCHIVE = /public\.(?:!==\(boolean,boolean\)|mvtest_bb)/;
/** What is in the target already, and is not replaced. */
const THERE_ALREADY = /^schema /;

describe('a database restored over itself (thorough)', () => {
  let bed: TestBed;
  beforeAll(async () => {
    bed = await startTestBed({ settings: ['fsync = off', 'wal_level = logical'] });
  });
  afterAll(() => bed.stop());

  /** Backed up, restored for a test, restored into an empty database, and over itself: all of it verified. */
  async function throughEverything(
    name: string,
    as: { readonly user: string; readonly password: string },
    inputs: Readonly<Record<string, string>> = {},
  ): Promise<ActionRun> {
    const { database } = bed;
    const before = await describeDatabase(database, name);
    const differences = async (copy: string): Promise<string[]> =>
      differingLines(before, await describeDatabase(database, copy), []).filter(
        (line) => !IN_NO_ARCHIVE.test(line),
      );
    const url = database.urlFor({ database: name, ...as });
    expectSuccess(
      await bed.backup({ inputs: { 'connection-string': url, 'verify-connection-string': database.url } }),
    );

    const copy = `${name}_copy`;
    await database.createDatabase(copy, { owner: as.user });
    const common = { 'backup-name': name, ...inputs };
    const restored = await bed.restore({
      inputs: { ...common, 'connection-string': database.urlFor({ database: copy, ...as }) },
    });
    expectSuccess(restored);
    expect(restored.outputs['verified']).toBe('true');
    expect(await differences(copy)).toEqual([]);

    const replaced = await bed.restore({
      inputs: { ...common, 'connection-string': url, clean: 'true', 'confirm-database': name },
    });
    expectSuccess(replaced);
    expect(replaced.outputs['verified']).toBe('true');
    expect(await differences(name)).toEqual([]);
    expect(leftOutOfSummary(replaced.summary).filter((line) => !THERE_ALREADY.test(line))).toEqual([]);
    return replaced;
  }

  it("is the same afterwards: PostgreSQL's own regression database", async () => {
    const sources = await regressionSources().catch(messageOf);
    if (!sources.startsWith('/')) {
      console.warn(`PostgreSQL's regression database cannot be made here, and is not tested: ${sources}`);
      return;
    }
    await bed.database.createDatabase('regression');
    await fillRegression(bed.database, 'regression', sources);
    const run = await throughEverything('regression', bed.database);
    expect(Number(run.outputs['tables'])).toBeGreaterThan(500);
  }, 400_000);

  it('is the same afterwards: objects that need each other', async () => {
    await bed.database.createDatabase('circles');
    await bed.database.sql(circlesSql({ privileged: true }), 'circles');
    await throughEverything('circles', bed.database);
  });

  it.each([{}, { jobs: '3' }])('is the same afterwards, by its owner: %j', async (inputs) => {
    const { database } = bed;
    const name = `owned${Object.keys(inputs).length}`;
    const as = await database.createRole(`owner of ${name}`);
    await database.createDatabase(name, { owner: as.user });
    await database.sql(`SET ROLE "${as.user}"; ${circlesSql({ privileged: false })}`, name);
    await throughEverything(name, as, inputs);
  });
});
