// The workflows of the other pages, each as it stands, in a repository with the backups that the README's have made.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@jest/globals';
import { countRows } from '../support/shop.ts';
import { expectSuccess } from '../support/test-bed.ts';
import { type RecipeBed, expectGreen, outcomesOf } from './recipe-bed.ts';
import type { Recipe } from './recipes-readme.ts';

const PRIVATE = { full_name: 'example/shop', private: true, visibility: 'private' };
let targets = 0;

/** A new, empty database, as a target. */
async function emptyTarget({ other }: RecipeBed): Promise<{ readonly name: string; readonly url: string }> {
  const name = `target_${(targets += 1)}`;
  return { name, url: await other.createDatabase(name) };
}

const backsUp: Recipe = async ({ run, database }, workflow) => {
  const [backup] = expectGreen(await run(workflow));
  expect(backup?.outputs['database']).toBe(database);
};

const encrypts: Recipe = async ({ run, age }, workflow) => {
  const [backup] = expectGreen(await run(workflow.replace('age1…', age.recipient)));
  expect(backup?.outputs['artifact-name']).toMatch(/\.bak\.age$/);
};

const migrates: Recipe = async ({ run, checkout, other, rows }, workflow) => {
  const workspace = await checkout({
    'migrate.sh': `#!/bin/sh
      psql --quiet --set=ON_ERROR_STOP=1 --dbname="$DATABASE_URL" <<'SQL'
      BEGIN;
      ALTER TABLE shop.orders ADD COLUMN paid_at timestamptz;
      CREATE INDEX ON shop.products (price);
      COMMIT;
      CREATE INDEX CONCURRENTLY ON shop.order_lines (unit_price);
      DROP TABLE shop.returns;
      CREATE ROLE migrator; GRANT USAGE ON SCHEMA shop TO migrator; ALTER TABLE shop.documents OWNER TO migrator;
      SET ROLE migrator;
      ALTER TABLE shop.documents ADD COLUMN author text;
SQL
`,
  });
  const jobs = await run(workflow, { workspace, programs: [], eventName: 'pull_request' });
  expectGreen(jobs);
  const summary = jobs[0]?.steps.at(-1)?.summary ?? '';
  expect(summary).toMatch(/^## The migrations took \d+ ms on last night's data\n\n<table/);
  const cells = [...summary.matchAll(/<td[^>]*>([^<]*)<\/td>/g)].map(([, cell = '']) => cell);
  const lines = cells.flatMap((cell, at) =>
    at % 4 === 0 ? [[cell, cells[at + 2], cells[at + 3]].join(' ')] : [],
  );
  expect(lines.sort()).toEqual([
    'shop.documents AccessExclusiveLock ALTER TABLE',
    'shop.orders AccessExclusiveLock ALTER TABLE, CREATE INDEX',
    'shop.products ShareLock CREATE INDEX',
    'shop.returns AccessExclusiveLock DROP TABLE',
  ]);
  expect(await countRows(other, 'shop')).toEqual(
    Object.fromEntries(Object.entries(rows).filter(([name]) => name !== 'shop.returns')),
  );
};

const previews: Recipe = async ({ run, other, rows }, workflow) => {
  const secrets = { PREVIEW_SERVER_URL: other.urlFor({ database: '' }).replace(/\/$/, '') };
  const on = (action: string, fork = false) =>
    run(workflow, {
      ...{ secrets, eventName: 'pull_request' },
      event: { repository: PRIVATE, action, number: 7, pull_request: { head: { repo: { fork } } } },
    });
  const databases = async (): Promise<number> =>
    (await other.query(`SELECT 1 FROM pg_database WHERE datname = 'preview_7'`)).length;
  expect(await on('opened', true)).toEqual([]);
  for (const action of ['opened', 'synchronize']) {
    expectGreen(await on(action));
    expect(await countRows(other, 'preview_7')).toEqual(rows);
    await other.sql('DROP TABLE shop.returns', 'preview_7');
  }
  const closed = await on('closed');
  expect(outcomesOf(closed)).toEqual(['success', 'skipped', 'skipped']);
  expect(await databases()).toBe(0);
};

const drills: Recipe = async ({ run, checkout, bed }, workflow) => {
  // A stand-in for GitHub's program, which is not here: it writes down what it was told.
  const gh = await checkout({ gh: '#!/bin/sh\nprintf "%s\\n" "$GH_REPO" "$@" > "$OUT"\n' });
  const OUT = path.join(gh, 'out');
  const drill = () => run(workflow, { programs: [gh], env: { OUT }, eventName: 'schedule' });
  expectGreen(await drill());
  const issue = await readFile(OUT, 'utf8');
  expect(issue).toMatch(
    /^example\/shop\nissue\ncreate\n--title\nRestore drill of \d{4}-\d\d-\d\d, success\n--body\n/,
  );
  expect(issue).toMatch(
    /\| Backup \| shop-\S+\.bak \|\n\| Every row.* \| true \|\n\| Tables, rows \| \d+, \d+ \|\n/,
  );
  expect(issue).toMatch(/https:\/\/github\.com\/example\/shop\/actions\/runs\/\d+ \|/);

  bed.artifacts.faults = { rest: { answer: 403 } };
  try {
    expect(outcomesOf(await drill())).toEqual(['failure', 'success']);
    expect(await readFile(OUT, 'utf8')).toMatch(/Restore drill of \S+, failure/);
  } finally {
    bed.artifacts.faults = {};
  }
};

const restores: Recipe = async (bed, workflow) => {
  const { name, url } = await emptyTarget(bed);
  expectGreen(await bed.run(workflow, { secrets: { TARGET_DATABASE_URL: url } }));
  expect(await countRows(bed.other, name)).toEqual(bed.rows);
};

const asksAndRestores: Recipe = async (bed, workflow) => {
  // Last night's data, into an empty database: only the defaults.
  await restores(bed, workflow);

  // A mistake in two tables, undone in place.
  const { database } = bed;
  const { database: server, artifacts } = bed.bed;
  await server.sql('TRUNCATE shop.events, shop.returns; UPDATE shop.orders SET note = NULL', database);
  const inputs = { target: 'DATABASE_URL', confirm: database, clean: true, tables: 'shop.(events|returns)' };
  expectGreen(await bed.run(workflow, { inputs }));
  expect(await countRows(server, database)).toEqual(bed.rows);
  const notes = await server.query('SELECT 1 FROM shop.orders WHERE note IS NOT NULL', { database });
  expect(notes).toEqual([]);

  // An older, encrypted backup by its name.
  const { name, url } = await emptyTarget(bed);
  const [encrypted] = artifacts.artifacts().filter((artifact) => artifact.name.endsWith('.age'));
  const secrets = { TARGET_DATABASE_URL: url, AGE_IDENTITY: bed.age.identity };
  const [run] = expectGreen(await bed.run(workflow, { secrets, inputs: { backup: encrypted?.name ?? '' } }));
  expect(run?.outputs['backup-file']).toBe(encrypted?.name);
  expect(await countRows(bed.other, name)).toEqual(bed.rows);

  // A database that is not empty, and nobody has confirmed.
  const [refused] = await bed.run(workflow, { secrets: { TARGET_DATABASE_URL: url } });
  expect(refused?.steps[0]?.log).toContain('is not empty: it contains');
};

/** Into a new project, which has schemas of the provider already. */
const restoresOwnSchemas: Recipe = async ({ bed, run, other }, workflow) => {
  const url = await bed.database.createDatabase('supabase');
  const ofProvider =
    'CREATE SCHEMA extensions; CREATE SCHEMA auth; CREATE TABLE auth.users (id int PRIMARY KEY)';
  const own = 'CREATE TABLE public.notes (id int PRIMARY KEY); INSERT INTO public.notes VALUES (1), (2)';
  await bed.database.sql(`${ofProvider}; INSERT INTO auth.users VALUES (7); ${own}`, 'supabase');
  expectSuccess(await bed.backup({ inputs: { 'connection-string': url, 'backup-name': 'supabase' } }));
  await other.sql(ofProvider, 'postgres');
  expectGreen(await run(workflow, { secrets: { NEW_DATABASE_URL: other.urlFor({ database: 'postgres' }) } }));
  const counts = 'SELECT (SELECT count(*) FROM notes) AS notes, (SELECT count(*) FROM auth.users) AS users';
  expect(await other.query(counts, { database: 'postgres' })).toEqual([{ notes: '2', users: '0' }]);
};

const backsUpService: Recipe = async ({ run }, workflow) => {
  const [backup] = expectGreen(await run(workflow));
  expect(backup?.outputs['database']).toBe('postgres');
};

const backsUpToBucket =
  (prefix: string): Recipe =>
  async ({ run, url, bucket }, workflow) => {
    const secrets = { DATABASE_URL: url, ...bucket.secrets(prefix) };
    const filled = workflow.replace('0123456789abcdef.r2.cloudflarestorage.com', bucket.origin);
    const [backup] = expectGreen(await run(filled, { secrets, ...bucket.setting }));
    expect(backup?.summary).toContain('shop&#45;backups');
  };

export const PAGE_RECIPES: Readonly<Record<string, Recipe>> = {
  'check/README.md: Check': async ({ run }, workflow) => {
    const [check] = expectGreen(await run(workflow, { eventName: 'schedule' }));
    expect(check?.outputs['newest']).toMatch(/^shop-/);
  },
  'docs/encryption.md: Encryption': encrypts,
  'docs/providers.md: Supabase': restoresOwnSchemas,
  'docs/providers.md: A service container': backsUpService,
  'docs/parallel.md: Parallel dumps': backsUp,
  'docs/recipes.md: Prisma Postgres, step by step': backsUp,
  "docs/recipes.md: Try a pull request's migrations on last night's data": migrates,
  'docs/recipes.md: A fresh preview database for each pull request': previews,
  'docs/recipes.md: A restore drill each quarter': drills,
  'docs/restore.md: A workflow that is ready': asksAndRestores,
  'docs/storage.md: Where backups are stored': backsUpToBucket('AWS'),
  'docs/storage.md: Keys': backsUpToBucket('R2'),
  'docs/storage.md: A role, without keys': backsUpToBucket('NO'),
  'docs/storage.md: A role, without keys (2)': async (bed, workflow) => {
    const { name, url } = await emptyTarget(bed);
    const secrets = { NEW_DATABASE_URL: url };
    expectGreen(await bed.run(workflow, { secrets, ...bed.bucket.setting }));
    expect(await countRows(bed.other, name)).toEqual(bed.rows);
  },
  'docs/verification.md: Test restore': backsUp,
  'restore/README.md: Restore': restores,
  'prune/README.md: Prune': async ({ run, bed }, workflow) => {
    const [prune] = expectGreen(await run(workflow, { eventName: 'schedule' }));
    const kept: unknown = JSON.parse(prune?.outputs['kept'] ?? '');
    const left = bed.artifacts.artifacts().map(({ name }) => name);
    expect(left).toEqual(expect.arrayContaining(Array.isArray(kept) ? kept : []));
    expect(left.filter((name) => /^shop-\d/.test(name))).toHaveLength(Array.isArray(kept) ? kept.length : 0);
  },
};
