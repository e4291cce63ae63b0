import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageOf } from '../../src/errors.ts';
import { testClientTools } from '../support/client-tools.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { type DescriptionSection, describeDatabase, fillDifficult } from '../support/difficult-schema.ts';
import { differingLines, holdsNothing, leftOutOfSummary } from '../support/restored.ts';
import { startPgdgMirror } from '../support/pgdg-mirror.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import {
  type TestBed,
  expectFailedRestore,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';

/** Passwords in the difficult database, which no log may contain. */
const SECRETS = ['subscription_secret', 'mapping_secret'];
const QUICK = { settings: ['fsync = off'] };
/** What cannot all be restored without the roles. */
const RIGHTS: readonly DescriptionSection[] = ['owners', 'privileges'];

/** Nobody restores a subscription: it would go on taking changes. */
const NO_SUBSCRIPTION = [
  '- never_connected f host=db.example.com dbname=shop user=u password=subscription_secret {p,"Q r"}',
  '- subscription never_connected: From elsewhere',
];
const PUBLIC_IS_THERE = 'schema public';
const POLICIES_OF_ROLES = [
  `policy app.secrets reader's; "policy"`,
  'policy app.policy_without_effect sleeping',
];
const MODEST_EXTENSIONS = ['btree_gist', 'citext', 'hstore', 'pg_trgm', 'pgcrypto', '"uuid-ossp"'];
const ODD_ROLE = 'Odd role; "quoted" é';
const SUBSCRIPTION = 'subscription never_connected';

let bed: TestBed;
/** A server of 16, one of 18, and one of 17 that has none of the roles of the difficult database. */
let older: Database;
let newer: Database;
let bare: Database;
/** The databases that are backed up under their own names, as they were then. */
const descriptions = new Map<BackupName, string>();
let targets = 0;

beforeAll(async () => {
  [bed, older, newer, bare] = await Promise.all([
    startTestBed(QUICK),
    startDatabase({ ...QUICK, version: '16' }),
    startDatabase({ ...QUICK, version: '18' }),
    startDatabase(QUICK),
  ]);
});
afterAll(() => Promise.all([bed, older, newer, bare].map((part) => part.stop())));

const BACKUPS = {
  newest: () => backUp(bed.database, 'newest', { newest: true }),
  usual: () => backUp(bed.database, 'usual'),
  modest: () => backUp(bed.database, 'modest', { privileged: false }),
  old: () => backUp(older, 'old'),
};
type BackupName = keyof typeof BACKUPS;
const made = new Map<BackupName, Promise<void>>();

/** Makes a backup when it is needed first. */
function backedUp(name: BackupName): Promise<void> {
  const making = made.get(name) ?? BACKUPS[name]();
  made.set(name, making);
  return making;
}

async function backUp(
  server: Database,
  name: BackupName,
  options: { newest?: boolean; privileged?: boolean } = {},
): Promise<void> {
  const url = await server.createDatabase(name);
  await fillDifficult(server, { database: name, scale: 0.2, ...options });
  descriptions.set(name, await describeDatabase(server, name));
  const secrets = [server.password, ...SECRETS];
  expectSuccess(await bed.backup({ inputs: { 'connection-string': url }, secrets }));
}

interface Way {
  readonly backup: BackupName;
  readonly to: Database;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Who restores; the superuser when absent. */
  readonly as?: { readonly user: string; readonly password: string };
  readonly options?: RunActionOptions;
}

/** Restores the latest backup of a name into an empty database of the restoring role. */
async function restored(way: Way): Promise<{ run: ActionRun; database: string }> {
  const { backup, to, inputs = {}, as = to, options = {} } = way;
  await backedUp(backup);
  targets += 1;
  const database = `target_${targets}`;
  await to.createDatabase(database, { owner: as.user });
  const run = await restoreInto(
    to.urlFor({ database, ...as }),
    { ...inputs, 'backup-name': backup },
    options,
  );
  return { run, database };
}

function restoreInto(
  url: string,
  inputs: Readonly<Record<string, string>>,
  options: RunActionOptions = {},
): Promise<ActionRun> {
  const passwords = [older, newer, bare].map(({ password }) => password);
  return bed.restore({
    ...options,
    inputs: { 'connection-string': url, ...inputs },
    secrets: [...passwords, ...SECRETS],
  });
}

/** What a restored database lacks of the one that was backed up, and what it has instead. */
async function differences(
  backup: BackupName,
  [server, database]: readonly [Database, string],
  without: readonly DescriptionSection[] = [],
): Promise<string[]> {
  return differingLines(descriptions.get(backup) ?? '', await describeDatabase(server, database), without);
}

/** A restore that is verified, and whose log and summary name what it leaves out: this, and nothing else. */
function expectVerified(run: ActionRun, omissions: readonly string[]): void {
  expectSuccess(run);
  expect(run.outputs['verified']).toBe('true');
  expect(run.summary).toContain('is restored and verified');
  const inLog = [...run.log.matchAll(/^Will leave out (.*?): /gm)].map(([, what = '']) => what);
  expect(inLog).toEqual(omissions);
  expect(leftOutOfSummary(run.summary)).toEqual(omissions);
}

describe('a database with everything that makes restores fail', () => {
  it.each<[string, BackupName, () => Database, Record<string, string>?]>([
    ['17 to 17, with all that 17 has', 'newest', () => bed.database],
    ['16 to 17', 'old', () => bed.database],
    ['17 to 16', 'usual', () => older],
    ['17 to 16, over several connections when that cannot be', 'usual', () => older, { jobs: '3' }],
    ['17 to 17, over several connections', 'usual', () => bed.database, { jobs: '3' }],
  ])('is restored completely from %s (thorough)', async (_, backup, to, inputs = {}) => {
    const { run, database } = await restored({ backup, to: to(), inputs });
    expectVerified(run, [SUBSCRIPTION]);
    expect(await differences(backup, [to(), database])).toEqual(NO_SUBSCRIPTION);
  });

  it('is restored completely from 17 to 18, with the tools of 18 that are downloaded for it (thorough)', async () => {
    const reason = await testClientTools(18).then(
      () => undefined,
      (error: unknown) => messageOf(error),
    );
    // Its roles.
    await newer.createDatabase('difficult');
    await fillDifficult(newer, { database: 'difficult', scale: 0.01 });
    if (reason !== undefined) return withoutTools18(reason);
    const mirror = await startPgdgMirror({ newest: 18 });
    const toolCache = await mkdtemp(path.join(tmpdir(), 'tool-cache-'));
    try {
      const inputs = { 'apt-mirror': mirror.url, 'apt-signing-key': mirror.signingKey };
      const { run, database } = await restored({
        backup: 'usual',
        to: newer,
        inputs,
        options: { toolCache },
      });
      expectVerified(run, [SUBSCRIPTION]);
      expect(await differences('usual', [newer, database])).toEqual(NO_SUBSCRIPTION);
      expect(run.log).toMatch(
        /client 17\.[^]*PostgreSQL 18 needs newer client tools than 17[^]*client 18\.\S+ from PGDG/,
      );
    } finally {
      await mirror.stop();
      await rm(toolCache, { recursive: true });
    }
  });

  /** Where no mirror has the tools of 18, nothing can dump what was restored; the catalogs still tell. */
  async function withoutTools18(reason: string): Promise<void> {
    console.warn(`17 to 18 is restored without verification: ${reason}`);
    const inputs = { verify: 'false', 'postgres-version': '17' };
    const { run, database } = await restored({ backup: 'usual', to: newer, inputs });
    expectSuccess(run);
    expect(run.outputs['verified']).toBe('false');
    expect(await differences('usual', [newer, database])).toEqual(NO_SUBSCRIPTION);
  }

  it('is restored by the owner of a database, except what the owner may not create and the server lacks', async () => {
    const as = await bare.createRole('ordinary');
    const { run, database } = await restored({ backup: 'modest', to: bare, as });
    expectVerified(run, [
      ...POLICIES_OF_ROLES,
      'event trigger sleeping, writes "it" down',
      'owner postgres',
      ...['difficult_reader', ODD_ROLE, 'difficult_owner'].map((role) => `privileges of ${role}`),
      ...[ODD_ROLE, 'difficult_reader', 'postgres'].map((role) => `default privileges of ${role}`),
      'owner of the database postgres',
    ]);
    const gone = ['policies', 'publications', 'event triggers'] as const;
    expect(await differences('modest', [bare, database], [...RIGHTS, ...gone])).toEqual([
      '- event trigger "writes ""it"" down"',
      '- event trigger sleeping',
      '- event trigger sleeping: Does nothing',
      `- policy "reader's; ""policy""" on app.secrets`,
      '- policy sleeping on app.policy_without_effect',
    ]);
  });

  it('is restored on a server that lacks its roles, except what names them (thorough)', async () => {
    const { run, database } = await restored({ backup: 'usual', to: bare });
    const mapping = 'user mapping difficult_reader SERVER far_away';
    const warned = [mapping, ...POLICIES_OF_ROLES, SUBSCRIPTION];
    expectVerified(run, [
      PUBLIC_IS_THERE,
      ...warned,
      ...['difficult_owner', ODD_ROLE].map((role) => `owner ${role}`),
      ...['difficult_reader', 'difficult_owner', ODD_ROLE].map((role) => `privileges of ${role}`),
      ...[ODD_ROLE, 'difficult_owner', 'difficult_reader'].map((role) => `default privileges of ${role}`),
    ]);
    expect(remarksOf(run)).toHaveLength(warned.length);
    expect(await differences('usual', [bare, database], [...RIGHTS, 'policies'])).toEqual([
      '- far_away for difficult_reader {password=mapping_secret}',
      NO_SUBSCRIPTION[0],
      `- policy "reader's; ""policy""" on app.secrets`,
      '- policy sleeping on app.policy_without_effect',
      NO_SUBSCRIPTION[1],
    ]);
  });
});

describe('a part of a difficult database (thorough)', () => {
  it('is restored by schema, with what the schemas need', async () => {
    const schemas = ['app', 'types', 'extensions', '"Odd ""schema""; ☃"'].join('\n');
    const { run, database } = await restored({ backup: 'usual', to: bed.database, inputs: { schemas } });
    expectVerified(run, ['large objects 900001..4294967295, 900002, 900003']);
    const left = await differences(
      'usual',
      [bed.database, database],
      [...RIGHTS, 'publications', 'event triggers'],
    );
    const chosen =
      /^[-+] (?:ONLY |TYPE |type |function |index |view )?(?:app|types|extensions|"Odd ""schema""; ☃")\./;
    // Casts are in no schema.
    expect(left.filter((line) => chosen.test(line))).toEqual([
      '- types.address - jsonb e i',
      '- types.own_text - text i b',
    ]);
    expect(left).toContain('- public."UPPER" is a table replica identity d using heap');
  });

  it('is refused before the restore without what it needs', async () => {
    const { run, database } = await restored({
      backup: 'usual',
      to: bed.database,
      inputs: { schemas: 'app' },
    });
    expectFailedRestore(run, /needs the table Odd "schema"; ☃\.customers, which is neither selected nor/);
    expect(await holdsNothing(bed.database, database)).toBe(true);
  });
});

describe('a difficult database itself (thorough)', () => {
  it('is restored over itself, also after it has changed', async () => {
    const inputs = { 'backup-name': 'usual', clean: 'true', 'confirm-database': 'usual' };
    await backedUp('usual');
    const url = bed.database.urlFor({ database: 'usual' });
    const extensions = ['bloom', ...MODEST_EXTENSIONS.map((name) => name.replaceAll('"', ''))];
    const omissions = [
      'schema Odd "schema"; ☃, app, extensions, types',
      `extension ${extensions.join(', ')}`,
      SUBSCRIPTION,
    ];
    const run = await restoreInto(url, inputs);
    expectVerified(run, omissions);
    expect((await differences('usual', [bed.database, 'usual'])).filter(isNoConstructor)).toEqual([]);

    await bed.database.sql(DRIFT, 'usual');
    expect((await differences('usual', [bed.database, 'usual'])).length).toBeGreaterThan(10);
    const again = await restoreInto(url, inputs);
    expectVerified(again, omissions);
    const left = (await differences('usual', [bed.database, 'usual'])).filter(isNoConstructor);
    expect(left).not.toHaveLength(0);
    expect(left.filter((line) => !line.includes('made_since'))).toEqual([]);
  });
});

/** A range type brings its constructors along, which no archive names: they get the default privileges of the target. */
function isNoConstructor(line: string): boolean {
  return !/^- function types\.\w+_(?:multi)?ranges?\(.* grants ALL to PUBLIC$/.test(line);
}

const DRIFT = `CREATE TABLE app.made_since (id integer PRIMARY KEY, customer integer);
TRUNCATE app.locked; SELECT nextval('app.never_called'); SELECT lo_put(900001, 0, 'x');
ALTER TABLE app.empty_table ADD COLUMN since text;
DROP VIEW app.happy CASCADE; ALTER DOMAIN types.sku SET DEFAULT 'QQQ-1';
`;
