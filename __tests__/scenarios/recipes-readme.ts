// What a reader of the README does, from the top to the bottom: each of its workflows, as it stands, in that order.
import { expect } from '@jest/globals';
import { countRows } from '../support/shop.ts';
import { PUBLIC, type RecipeBed, expectGreen, outcomesOf } from './recipe-bed.ts';

/** Copies a workflow, and has it run. */
export type Recipe = (bed: RecipeBed, workflow: string) => Promise<void>;

export const README_RECIPES = {
  'README.md: Start': async ({ run }, workflow) => {
    const [backup] = expectGreen(await run(workflow));
    expect(backup?.outputs['artifact-name']).toMatch(/^shop-\d{8}T\d{6}Z-[0-9a-f]{8}\.bak$/);
  },

  'README.md: Restore': async ({ run, other, rows }, workflow) => {
    const target = await other.createDatabase('restored');
    const [restore] = expectGreen(await run(workflow, { secrets: { TARGET_DATABASE_URL: target } }));
    expect(restore?.outputs).toMatchObject({ database: 'restored', verified: 'true' });
    expect(await countRows(other, 'restored')).toEqual(rows);
  },

  // On the first morning: there is one backup.
  'README.md: A watchdog': async ({ run }, workflow) => {
    const [check] = expectGreen(await run(workflow, { eventName: 'schedule' }));
    expect(check?.outputs['count']).toBe('1');
  },

  'README.md: A step in CI': async ({ run, checkout, bed }, workflow) => {
    const workspace = await checkout({ Makefile: 'test:\n\ttrue\n' });
    const before = bed.artifacts.artifacts().length;
    expect(outcomesOf(await run(workflow, { workspace, eventName: 'pull_request', secrets: {} }))).toEqual([
      'success',
      'success',
      'skipped',
    ]);
    const [first] = expectGreen(await run(workflow, { workspace, eventName: 'push' }));
    const [again] = expectGreen(await run(workflow, { workspace, eventName: 'push' }));
    expect([first, again].map((each) => each?.outputs['unchanged'])).toEqual(['false', 'true']);
    expect(bed.artifacts.artifacts()).toHaveLength(before + 1);
  },

  'README.md: A snapshot before a deploy': async ({ run, checkout, bed, database, rows, url }, workflow) => {
    const good = await checkout({ 'deploy.sh': '#!/bin/sh\ntrue\n' });
    const deployed = await run(workflow, { workspace: good, eventName: 'push' });
    expectGreen(deployed);
    expect(outcomesOf(deployed)).toEqual(['success', 'success', 'success', 'skipped']);

    // A deploy that changes a table, empties another, and fails.
    const change = 'ALTER TABLE shop.products DROP COLUMN thumbnail; DELETE FROM shop.order_lines';
    const bad = await checkout({
      'deploy.sh': `#!/bin/sh\npsql --quiet --dbname="$URL" --command='${change}'\nexit 1\n`,
    });
    const undone = await run(workflow, { workspace: bad, eventName: 'push', env: { URL: url } });
    expect(outcomesOf(undone)).toEqual(['success', 'success', 'failure', 'success']);
    expect(undone[0]?.steps.at(-1)?.outputs['verified']).toBe('true');
    expect(await countRows(bed.database, database)).toEqual(rows);
    const columns = await bed.database.query(
      `SELECT 1 FROM information_schema.columns WHERE table_name = 'products' AND column_name = 'thumbnail'`,
      { database },
    );
    expect(columns).toHaveLength(1);
  },

  'README.md: Several databases': async ({ run, bed, database, url }, workflow) => {
    const others = ['billing', 'search'];
    for (const name of others) {
      await bed.database.createDatabase(name);
      await bed.database.sql('CREATE TABLE t AS SELECT 1 AS id', name);
    }
    // The names of secrets are stored in capitals, and found however they are written.
    const secrets = {
      DATABASE_URL_SHOP: url,
      DATABASE_URL_BILLING: bed.database.urlFor({ database: 'billing' }),
      DATABASE_URL_SEARCH: bed.database.urlFor({ database: 'search' }),
    };
    const backups = expectGreen(await run(workflow, { eventName: 'schedule', secrets }));
    expect(backups.map(({ outputs }) => outputs['backup-file']?.split('-')[0])).toEqual(['shop', ...others]);
    expect(backups.map(({ outputs }) => outputs['database'])).toEqual([database, ...others]);
  },

  'README.md: A public repository': async ({ run, bed, age }, workflow) => {
    bed.artifacts.visibility = 'public';
    try {
      const filled = workflow.replace('age1…', age.recipient);
      const [backup] = expectGreen(await run(filled, { event: PUBLIC, eventName: 'schedule' }));
      expect(backup?.outputs['artifact-name']).toMatch(/^shop-.*\.bak\.age$/);
    } finally {
      bed.artifacts.visibility = 'private';
    }
  },
} satisfies Readonly<Record<string, Recipe>>;
