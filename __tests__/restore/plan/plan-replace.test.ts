import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { planLines } from '../../../src/restore/plan/plan.ts';
import { messageOf } from '../../../src/errors.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { PlanBed, type Place } from './plan-bed.ts';

const execute = promisify(execFile);

const BEFORE = `
  CREATE TABLE events (day date PRIMARY KEY) PARTITION BY RANGE (day);
  CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE people (id int PRIMARY KEY, boss int REFERENCES people, name text);
  CREATE TABLE teams (id int PRIMARY KEY, lead int REFERENCES people);
  ALTER TABLE people ADD team int REFERENCES teams;
  CREATE VIEW roster AS SELECT p.id, p.name FROM people p GROUP BY p.id;
  INSERT INTO people VALUES (1, 1, 'Ada'); INSERT INTO events VALUES ('2024-05-05');`;

/** What a few weeks of work make of it. */
const LATER = `
  CREATE SCHEMA reports; CREATE TYPE reports.mood AS ENUM ('sad');
  DROP TABLE events_old; CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  ALTER TABLE people ADD number serial; ALTER TABLE people ADD mood reports.mood;
  DROP VIEW roster; CREATE VIEW roster AS SELECT p.id, p.mood, p.number FROM people p GROUP BY p.id;
  CREATE VIEW reports.moods AS SELECT p.id, p.mood FROM people p GROUP BY p.id;
  UPDATE people SET name = 'Bob'; INSERT INTO events VALUES ('2025-05-05');`;

captureOutput();

let bed: PlanBed;
let server: Database;
let archive: string;
let staging: Place;
const options = { clean: true, confirmDatabase: 'staging' };

beforeAll(async () => {
  bed = await PlanBed.make();
  server = await startDatabase();
  await server.createDatabase('production');
  await server.sql(BEFORE + LATER, 'production');
  archive = await bed.dump({ server, database: 'production' });
});

beforeEach(async () => {
  await server.query('DROP DATABASE IF EXISTS staging');
  await server.createDatabase('staging');
  await server.sql(BEFORE, 'staging');
  staging = { server, database: 'staging' };
});

afterAll(async () => {
  await server.stop();
  await bed.remove();
});

async function ask(sql: string): Promise<unknown> {
  return server.query(sql, { database: 'staging' });
}

describe('an existing object of the same name', () => {
  it('is replaced even if the target has changed since, which pg_restore --clean cannot do', async () => {
    const environment = { PGHOST: server.host, PGPORT: String(server.port), PGUSER: server.user };
    const env = { ...environment, PGPASSWORD: server.password, PGDATABASE: 'staging' };
    const args = ['--dbname=', '--clean', '--if-exists', '--single-transaction', '--exit-on-error', archive];
    await expect(execute(bed.tools.pgRestore, args, { env })).rejects.toThrow(/could not execute query/);

    const plan = await bed.restore(archive, staging, options);
    expect(await ask('SELECT name, number FROM people')).toEqual([{ name: 'Bob', number: 1 }]);
    expect(await ask('SELECT day::text FROM events')).toEqual([{ day: '2025-05-05' }]);
    expect(await ask('SELECT * FROM roster')).toEqual([{ id: 1, mood: null, number: 1 }]);
    expect(plan.removes).toEqual([{ kind: 'table', name: 'public.events_old' }]);
    expect(plan.leavesAlone).toEqual([]);
    expect(planLines(plan)).toContainEqual(
      'Will drop table public.events_old: it is a part of a table that is replaced, and the backup does not contain it',
    );
  });

  it('is not replaced when an object outside the archive depends on it', async () => {
    await ask('CREATE VIEW mine AS SELECT name FROM people');
    const failure: unknown = await bed.restore(archive, staging, options).catch((error: unknown) => error);
    expect(messageOf(failure)).toContain('the view public.mine');
    expect(await ask('SELECT name FROM mine')).toEqual([{ name: 'Ada' }]);
    expect(await ask('SELECT count(*) FROM events_old')).toEqual([{ count: '1' }]);
  });

  it('is not replaced when a foreign key of another table leads to it', async () => {
    await ask('CREATE TABLE mine (person int REFERENCES people)');
    const failure: unknown = await bed.restore(archive, staging, options).catch((error: unknown) => error);
    expect(messageOf(failure)).toContain('mine_person_fkey');
    expect(await ask('SELECT name FROM people')).toEqual([{ name: 'Ada' }]);
  });

  it('is replaced only if it was chosen', async () => {
    await ask(`ALTER TABLE people DROP team; UPDATE people SET name = 'Eve'`);
    const filters = { schemas: [], tables: ['events'] };
    const plan = await bed.restore(archive, staging, { ...options, filters });
    expect(plan.replaces.map(({ name }) => name)).toEqual(['public.events']);
    expect(plan.leavesAlone.map(({ name }) => name)).toEqual([
      'public.people',
      'public.roster',
      'public.teams',
    ]);
    expect(await ask('SELECT name FROM people')).toEqual([{ name: 'Eve' }]);
    expect(await ask('SELECT count(*) FROM events')).toEqual([{ count: '1' }]);
  });

  it('may have any name', async () => {
    const odd = `"it's \\ a ""$drop$ {tables} $1 name"`;
    await server.query('DROP DATABASE IF EXISTS odd');
    await server.createDatabase('odd');
    // Then a backslash in an ordinary string begins an escape.
    await server.query('ALTER DATABASE odd SET standard_conforming_strings = off');
    const place = { server, database: 'odd' };
    await server.sql(`CREATE TABLE ${odd} (id int PRIMARY KEY, other int REFERENCES ${odd})`, 'odd');
    const file = await bed.dump(place);
    const plan = await bed.restore(file, place, { clean: true, confirmDatabase: 'odd' });
    expect(plan).toMatchObject({ isOrigin: true, leavesAlone: [] });
  });
});
