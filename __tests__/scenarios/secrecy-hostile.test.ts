import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answering, withListener } from '../support/fake-server.ts';
import {
  HOSTILE_LINES,
  HOSTILE_MESSAGE,
  HOSTILE_NAMES,
  MARK,
  injectionsIn,
  literal,
  makeHostileDatabase,
  quoted,
} from '../support/hostile.ts';
import type { ActionRun } from '../support/runner.ts';
import { type TestBed, errorsOf, expectSuccess, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
let url: string;
let folder: string;
let targets = 0;
beforeAll(async () => {
  bed = await startTestBed();
  url = await makeHostileDatabase(bed.database, `##[error]${MARK}\u2028::error::${MARK}`);
  folder = await mkdtemp(path.join(tmpdir(), 'hostile-'));
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

async function emptyTarget(): Promise<{ name: string; url: string }> {
  targets += 1;
  const name = `target_${targets}`;
  return { name, url: await bed.database.createDatabase(name) };
}

function expectFailed(run: ActionRun): void {
  expect([run.exitCode, errorsOf(run)]).toEqual([1, [expect.any(String)]]);
  expect(injectionsIn(run)).toEqual([]);
}

it('the check itself sees what is injected', () => {
  for (const line of HOSTILE_LINES.filter((text) => /::|##\[/.test(text) && !text.includes('# '))) {
    const bare = { rawStdout: `x\n${line}\n`, rawStderr: '', masks: [], state: {}, env: {} };
    const run = { ...bare, annotations: [], outputs: {}, summary: '' };
    expect([line, injectionsIn(Object.assign(emptyRun(), run)).length]).not.toEqual([line, 0]);
  }
  const summary = HOSTILE_LINES.join('\n\n');
  expect(injectionsIn(Object.assign(emptyRun(), { summary })).join()).toMatch(
    /<img.*evil\.example|evil.*<img/s,
  );
  expect(injectionsIn(Object.assign(emptyRun(), { summary })).join()).toContain('mermaid');
});

describe('hostile names inject nothing', () => {
  it('in a backup of a database full of them, with debug logging', async () => {
    const run = await bed.backup({ inputs: { 'connection-string': url }, debug: true });
    expectSuccess(run);
    expect(injectionsIn(run)).toEqual([]);
    expect(run.outputs).toMatchObject({
      tables: String(HOSTILE_NAMES.length),
      rows: String(2 * HOSTILE_NAMES.length),
    });
    expect(run.annotations).toEqual([]);
  });

  it('in the errors of a backup: filters that match nothing, a role that may not read (thorough)', async () => {
    const role = await bed.database.createRole(`::error::${MARK}\u2028##[error]`, {
      password: 'of-the-hostile-role',
    });
    const inputs = { 'connection-string': bed.database.urlFor(role) };
    await bed.database.sql(
      HOSTILE_NAMES.map(
        (name) =>
          `CREATE TABLE ${quoted(name)} (id int); ALTER TABLE ${quoted(name)} ENABLE ROW LEVEL SECURITY;`,
      ).join('\n'),
    );
    expectFailed(await bed.backup({ inputs, secrets: [role.password] }));
    for (const name of ['##[error]x', `::error::${MARK}`, `[a](b)<img>\`\`\`mermaid`])
      expectFailed(await bed.backup({ inputs: { ...inputs, tables: name }, secrets: [role.password] }));
  });

  it('in a restore of them, into an empty database and over what is there (thorough)', async () => {
    await bed.backup({ inputs: { 'connection-string': url, 'backup-name': 'full' } });
    const target = await emptyTarget();
    const inputs = { 'connection-string': target.url, 'backup-name': 'full' };
    const first = await bed.restore({ inputs, debug: true });
    expectSuccess(first);
    expect(injectionsIn(first)).toEqual([]);
    const again = { ...inputs, 'confirm-database': target.name };
    expectFailed(await bed.restore({ inputs: again }));
    const replaced = await bed.restore({ inputs: { ...again, clean: 'true' }, debug: true });
    expectSuccess(replaced);
    expect(injectionsIn(replaced)).toEqual([]);
    // What depends on what is to be replaced is named in the error.
    await bed.database.sql(
      `CREATE VIEW ${quoted(`##[error]${MARK}\n::error::`)} AS SELECT * FROM ${quoted(`##[error]${MARK}`)}.${quoted(`##[error]${MARK}`)}`,
      target.name,
    );
    expectFailed(await bed.restore({ inputs: { ...again, clean: 'true' } }));
  });

  it('of artifacts and files, found or listed (thorough)', async () => {
    for (const name of [`##[error]${MARK}`, `[a](b)${MARK}\u2028::error::${MARK}`]) {
      const full = `${name}-20260101T000000Z-01234567.bak`;
      await bed.artifacts.seed({ name: full, content: 'PGDMP is not enough'.padEnd(100) });
      const { url: into } = await emptyTarget();
      expectFailed(await bed.restore({ inputs: { 'connection-string': into, backup: full } }));
      expectFailed(await bed.restore({ inputs: { 'connection-string': into, 'backup-name': `no ${name}` } }));
    }
    const { url: into } = await emptyTarget();
    const made = await bed.backup({ inputs: { 'connection-string': url, storage: `${folder}/` } });
    const kept = made.outputs['backup-path'] ?? '';
    const hostile = path.join(folder, `x\n::error::${MARK}\r##[error]${MARK} <img>.bak`);
    await rename(kept, hostile);
    const run = await bed.restore({ inputs: { 'connection-string': into, path: hostile } });
    expectSuccess(run);
    expect(injectionsIn(run)).toEqual([]);
    expectFailed(await bed.restore({ inputs: { 'connection-string': into, path: `${hostile}.gone` } }));
  });
});

describe('hostile messages inject nothing (thorough)', () => {
  it.each([undefined, 'query'] as const)('of a server that refuses us (at %s)', async (at) => {
    const answer = { message: HOSTILE_MESSAGE, detail: HOSTILE_MESSAGE, hint: HOSTILE_MESSAGE };
    await withListener(answering({ ...answer, ...(at ? { at } : {}) }), async ({ PGPORT = '' }) => {
      const inputs = {
        'connection-string': `postgres://u:hidden-one@127.0.0.1:${PGPORT}/db`,
        'connection-attempts': '1',
      };
      for (const run of [await bed.backup({ inputs, debug: true }), await bed.restore({ inputs })])
        expectFailed(run);
    });
  });

  it('of a statement that fails in the restore, and of one that only notices', async () => {
    const source = await bed.database.createDatabase('raises');
    // The message must be in the archive and come from the server: the check runs in the target only.
    await bed.database.sql(
      `CREATE FUNCTION speak(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $body$
         BEGIN
           IF current_database() = 'raises' THEN RETURN $1; END IF;
           RAISE WARNING USING MESSAGE = ${literal(HOSTILE_MESSAGE)};
           IF current_database() LIKE 'target%' THEN
             RAISE EXCEPTION USING MESSAGE = ${literal(HOSTILE_MESSAGE)}, DETAIL = ${literal(HOSTILE_MESSAGE)}, HINT = ${literal(HOSTILE_MESSAGE)};
           END IF;
           RETURN $1;
         END $body$;
       CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE INDEX i ON t (public.speak(id));`,
      'raises',
    );
    expectSuccess(await bed.backup({ inputs: { 'connection-string': source } }));
    const { url: into } = await emptyTarget();
    expectFailed(
      await bed.restore({ inputs: { 'connection-string': into, 'backup-name': 'raises' }, debug: true }),
    );
    const quiet = await bed.database.createDatabase('only_warns');
    const run = await bed.restore({
      inputs: { 'connection-string': quiet, 'backup-name': 'raises' },
      debug: true,
    });
    expectSuccess(run);
    expect(injectionsIn(run)).toEqual([]);
  });
});

describe('a password that is in the archive (thorough)', () => {
  const inner = 'INNER-secret-of-the-archive';

  it.each([
    ['a user mapping', 'CREATE USER MAPPING', `password ${literal(inner)}`],
    [
      'one that looks like an error',
      'CREATE USER MAPPING',
      `password ${literal(`x\npg_restore: error: ${inner}\nDETAIL: ${inner}`)}`,
    ],
  ])('of %s does not reach the log when the restore fails there', async (what, tag, options) => {
    const name = what.replaceAll(' ', '_');
    const source = await bed.database.createDatabase(name);
    await bed.database.sql(
      `CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
       CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (${options}); CREATE TABLE t (id int)`,
      name,
    );
    expectSuccess(await bed.backup({ inputs: { 'connection-string': source }, secrets: [inner] }));
    const target = await emptyTarget();
    await bed.database.sql(
      `CREATE SCHEMA hold; CREATE FUNCTION hold.no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not here'; END $$;
       CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN (${literal(tag)}) EXECUTE FUNCTION hold.no();`,
      target.name,
    );
    const run = await bed.restore({
      inputs: {
        'connection-string': target.url,
        'backup-name': name,
        'confirm-database': target.name,
        'no-privileges': 'false',
      },
      secrets: [inner],
      debug: true,
      allowLeaks: true,
    });
    expect(errorsOf(run)).toEqual([expect.stringContaining('reports an error at USER MAPPING')]);
    expect(run.leaks).toEqual([]);
  });
});

function emptyRun(): ActionRun {
  return {
    exitCode: 0,
    signal: null,
    durationMs: 0,
    outputs: {},
    state: {},
    env: {},
    path: [],
    annotations: [],
    log: '',
    debug: [],
    rawStdout: '',
    rawStderr: '',
    summary: '',
    masks: [],
    leftFiles: [],
    leftProcesses: [],
    processes: [],
    leaks: [],
  };
}
