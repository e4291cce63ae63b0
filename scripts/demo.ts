// Runs a backup and its restore on this machine: `npm run demo`, or `node scripts/demo.ts [FOLDER]` to write the
// summaries and the backup to another folder than `demo-output`.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ArtifactService, startArtifactService } from '../__tests__/support/artifact-service.ts';
import { testClientTools } from '../__tests__/support/client-tools.ts';
import { type Database, startDatabase } from '../__tests__/support/database.ts';
import { type PgdgMirror, startPgdgMirror } from '../__tests__/support/pgdg-mirror.ts';
import { type ActionRun, runAction } from '../__tests__/support/runner.ts';
import { type ShopRows, countRows, fillShop } from '../__tests__/support/shop.ts';
import { messageOf } from '../src/errors.ts';
import { run } from '../src/process/run.ts';
import { createLogView, terminal } from './demo-terminal.ts';
import { summaryPage } from './summary-page.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const OUTPUT = path.resolve(process.argv[2] ?? path.join(ROOT, 'demo-output'));
/** The inputs that a user would set in the workflow, besides the connection string. */
const BACKUP = { 'backup-name': 'shop', 'retention-days': '30', storage: 'artifact\n./backup/' };
const RESTORE = { 'backup-name': 'shop' };
/** What the next backup warns of, and shows. */
const MISTAKE = `
DELETE FROM shop.orders WHERE id % 10 <> 0;
UPDATE shop.products SET price = price + 1;
DROP INDEX shop.open_orders;
ALTER TABLE shop.customers ADD COLUMN phone text;
INSERT INTO shop.returns VALUES (1, 'too large', now());`;
const BUNDLES = ['backup', 'restore'];
const SUMMARIES = ['summary', 'restore-summary', 'changes-summary'];
const LEFT_BEHIND = [...SUMMARIES.flatMap((name) => [`${name}.md`, `${name}.html`]), 'backup'];

/** The servers that the demo runs the actions against. */
interface Stage {
  readonly database: Database;
  readonly mirror: PgdgMirror;
  readonly service: ArtifactService;
  /** Kept from one job to the next, as self-hosted runners do. */
  readonly toolCache: string;
}

const cleanups: (() => Promise<void>)[] = [];
let interrupt: () => void = () => undefined;
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true;
    interrupt();
  });
}
process.exitCode = await demo();

/** @returns the exit code of the demo. */
async function demo(): Promise<number> {
  try {
    await show();
    return 0;
  } catch (error) {
    if (interrupted) {
      terminal.say('Interrupted. All processes of the demo have been stopped.');
      return 130;
    }
    terminal.failed(messageOf(error));
    return 1;
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function show(): Promise<void> {
  if (!BUNDLES.every((name) => existsSync(path.join(ROOT, 'dist', name, 'index.js')))) {
    throw new Error('dist/ contains no bundled action. Run `npm run build`, then run the demo again.');
  }
  for (const name of LEFT_BEHIND) {
    rmSync(path.join(OUTPUT, name), { recursive: true, force: true });
  }
  mkdirSync(OUTPUT, { recursive: true });

  terminal.step('Preparing (the first time takes some seconds longer)');
  const stage = await setStage();
  const rows = await fillStage(stage.database);

  terminal.step('Running the backup, as GitHub Actions would');
  const backup = await runJob(stage, {
    action: '.',
    secret: stage.database.urlFor({ database: 'shop' }),
    inputs: BACKUP,
    summary: 'summary',
    title: 'nightly backup',
  });

  terminal.step('Checking the result');
  const file = await checkArtifact(stage.service, backup);
  await checkByHand(stage.database, file, rows);

  terminal.step('Restoring into a new database');
  const restored = await runJob(stage, {
    action: 'restore',
    secret: await stage.database.createDatabase('preview'),
    inputs: RESTORE,
    summary: 'restore-summary',
    title: 'preview database',
  });
  await checkRestore(stage.database, restored, rows);

  terminal.step('Deleting rows by mistake, and running the next backup');
  await stage.database.query(MISTAKE, { database: 'shop' });
  const next = await runJob(stage, {
    action: '.',
    secret: stage.database.urlFor({ database: 'shop' }),
    inputs: { ...BACKUP, storage: 'artifact' },
    summary: 'changes-summary',
    title: 'next backup',
  });
  checkWarning(backup, next);

  terminal.step('Done');
  const summary = fromHere(path.join(OUTPUT, 'summary.html'));
  terminal.say(`Job summary of the backup:   ${summary}`);
  terminal.say(`Job summary of the restore:  ${fromHere(path.join(OUTPUT, 'restore-summary.html'))}`);
  terminal.say(`What changed since then:     ${fromHere(path.join(OUTPUT, 'changes-summary.html'))}`);
  terminal.say(`Backup file:                 ${fromHere(file)}`);
  terminal.say(
    `Open a summary with:         ${process.platform === 'darwin' ? 'open' : 'xdg-open'} ${summary}`,
  );
}

async function setStage(): Promise<Stage> {
  const [database, mirror, service] = await Promise.all([
    started(startDatabase()),
    started(startPgdgMirror()),
    started(startArtifactService()),
  ]);
  const toolCache = mkdtempSync(path.join(tmpdir(), 'demo-tools-'));
  cleanups.push(async () => rm(toolCache, { recursive: true, force: true }));
  stopIfInterrupted();
  const [row] = await database.query('SHOW server_version');
  terminal.done(
    `PostgreSQL ${String(row?.['server_version'])} on ${database.host}:${database.port}, with a password that needs percent-encoding`,
  );
  terminal.done("A mirror of PostgreSQL's signed packages (PGDG), from which the client tools are installed");
  terminal.done('An artifact service with the same protocol as GitHub’s');
  return { database, mirror, service, toolCache };
}

/** Makes sure that a part is stopped at the end, even when another one fails to start. */
function started<T extends { readonly stop: () => Promise<void> }>(starting: Promise<T>): Promise<T> {
  cleanups.push(async () => {
    const part = await starting.catch(() => undefined);
    await part?.stop();
  });
  return starting;
}

async function fillStage(database: Database): Promise<ShopRows> {
  await database.createDatabase('shop');
  const rows = await fillShop(database, { database: 'shop' });
  const all = Object.values(rows).reduce((sum, count) => sum + count, 0);
  terminal.done(
    `A sample database, "shop": ${Object.keys(rows).length} tables with ${all.toLocaleString('en')} rows`,
  );
  stopIfInterrupted();
  return rows;
}

/** One action of this repository, run as a job. */
interface DemoJob {
  /** The folder of its `action.yml`. */
  readonly action: string;
  /** The connection string. */
  readonly secret: string;
  readonly inputs: Readonly<Record<string, string>>;
  /** The name of the files that its summary is written to, and the title of the page. */
  readonly summary: string;
  readonly title: string;
}

/** @throws Error when the action fails. */
async function runJob(stage: Stage, job: DemoJob): Promise<ActionRun> {
  const { database, mirror, service, toolCache } = stage;
  const { secret, inputs } = job;
  const view = createLogView();
  view(`##[group]Run ${path.posix.join('postgres-backup-action', job.action)}`);
  view('with:');
  for (const [name, value] of Object.entries({ 'connection-string': '***', ...inputs }))
    view(`  ${name}: ${value}`);
  view('##[endgroup]');
  const result = await runAction({
    action: path.join(ROOT, job.action),
    workspace: OUTPUT,
    toolCache,
    inputs: {
      ...inputs,
      'connection-string': secret,
      'apt-mirror': mirror.url,
      'apt-signing-key': mirror.signingKey,
    },
    artifactService: service,
    secrets: [secret, database.password, encodeURIComponent(database.password)],
    onLine: view,
    onStart: (handle) => {
      interrupt = () => {
        handle.kill('SIGINT');
      };
    },
  });
  if (result.summary !== '') {
    writeFileSync(path.join(OUTPUT, `${job.summary}.md`), result.summary);
    writeFileSync(
      path.join(OUTPUT, `${job.summary}.html`),
      summaryPage(result.summary, { title: job.title }),
    );
  }
  if (result.exitCode !== 0) throw new Error('The action failed; see its log above.');
  return result;
}

/**
 * The promise: an artifact exists, and it is the file that was verified.
 *
 * @returns the path of the file.
 */
async function checkArtifact(service: ArtifactService, { outputs }: ActionRun): Promise<string> {
  const name = outputs['artifact-name'] ?? '';
  const [artifact, ...others] = service.artifacts();
  if (artifact?.name !== name || others.length > 0)
    throw new Error('The artifact service does not contain exactly one artifact.');
  const stored = await service.read(name);
  const file = outputs['backup-path'] ?? '';
  const sha256 = createHash('sha256').update(stored).digest('hex');
  if (!stored.equals(readFileSync(file))) throw new Error('The artifact is not the file that was backed up.');
  if (sha256 !== outputs['backup-sha256'])
    throw new Error('The artifact does not have the SHA-256 of the output backup-sha256.');
  terminal.done(
    `One artifact: ${name}, ${stored.length.toLocaleString('en')} bytes, expires at ${outputs['expires-at'] ?? '?'}`,
  );
  terminal.done(`It is identical to the backup file: SHA-256 ${sha256}`);
  return file;
}

/** A restore needs neither this action nor GitHub: PostgreSQL's own tool is enough. */
async function checkByHand(database: Database, file: string, rows: ShopRows): Promise<void> {
  const { pgRestore } = await testClientTools();
  await database.createDatabase('by_hand');
  const { exitCode, stderr } = await run(
    pgRestore,
    ['--exit-on-error', '--single-transaction', '--no-owner', '--dbname=by_hand', file],
    {
      env: {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        PGHOST: database.host,
        PGPORT: String(database.port),
        PGUSER: database.user,
        PGPASSWORD: database.password,
      },
    },
  );
  if (exitCode !== 0) throw new Error(`The backup cannot be restored: ${stderr}`);
  await requireRows(database, 'by_hand', rows);
  terminal.done('Restored with bare pg_restore into an empty database: every table has its rows');
}

/** The promise of the restore: the rows are those of the backup, and verified. */
async function checkRestore(database: Database, { outputs }: ActionRun, rows: ShopRows): Promise<void> {
  if (outputs['verified'] !== 'true') throw new Error('The restore was not verified.');
  await requireRows(database, 'preview', rows);
  terminal.done(
    `Restored with the action: ${outputs['tables'] ?? '?'} tables and ${Number(outputs['rows']).toLocaleString('en')} rows, all verified`,
  );
}

/** The next backup is good as well, and says that the database has lost rows. */
function checkWarning(first: ActionRun, next: ActionRun): void {
  const warning = next.log.split('\n').find((line) => line.includes('Rows are missing since'));
  const name = first.outputs['backup-file'] ?? '';
  if (warning?.includes(name) !== true) throw new Error('The next backup does not warn of the lost rows.');
  terminal.done(`The next backup warns of the lost rows, and names the backup that contains them: ${name}`);
}

async function requireRows(database: Database, name: string, rows: ShopRows): Promise<void> {
  const found = await countRows(database, name);
  if (JSON.stringify(found) !== JSON.stringify(rows))
    throw new Error('The restored database has other rows.');
}

/** A path relative to the current folder, if it is inside. */
function fromHere(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

function stopIfInterrupted(): void {
  if (interrupted) throw new Error('interrupted');
}
