import path from 'node:path';
import { type DumpedDatabase, dumpDatabase } from './dump-database.ts';
import { withoutNames } from './not-included/not-included.ts';
import { comparePrevious, reportComparison } from './compare-previous.ts';
import { contentTag } from './content-tag.ts';
import { makeRecord } from './make-record.ts';
import { PendingCopies } from './pending-copies.ts';
import type { BackupProgress } from './backup-outcome.ts';
import { exposeTools } from '../tools/expose-tools.ts';
import type { ClientTools } from '../tools/client-tools.ts';
import { provideTools, toolsForServer } from '../tools/provide-client-tools.ts';
import {
  type Connection,
  type ConnectionPlan,
  openConnection,
  planConnection,
} from '../postgres/connection.ts';
import { type Database, refuseNewerServer, runPreflight } from '../postgres/preflight.ts';
import { toolsRequest } from '../postgres/server-inputs.ts';
import { findPreviousBackups, storedAlready, warnOfShrinking } from './previous-backups.ts';
import { backupNameOf } from '../storage/backup-name.ts';
import type { BackupInputs } from './backup-inputs.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { reportBackup } from './summary/backup-report.ts';
import { restoreCommand } from './summary/restore-command.ts';
import { log } from '../runner/log.ts';
import { type Stopwatch, startStopwatch } from '../runner/stopwatch.ts';
import { publish, reuseExisting } from './publish.ts';
import {
  TEST_SERVER_INPUT,
  checkTestServer,
  openTestServer,
  refuseNewerTestServer,
  runTestRestore,
} from './test-restore/test-restore.ts';
import { type Retention, retention } from '../storage/artifact/retention.ts';
import { type BackupFileName, backupFileName, newBackupFile } from '../storage/backup-file-name.ts';
import type { BackupRecord } from '../storage/record.ts';
import type { BackupStore } from '../storage/store.ts';
import type { Exposure } from '../github/privacy.ts';
import { withholdContent } from '../github/withhold-content.ts';
import { openStores, refuseExposure, requireStores } from './backup-stores.ts';
import { type WorkFolder, makeWorkFolder } from '../runner/work-folder.ts';

/** What every step of one backup shares. */
interface Job {
  readonly inputs: BackupInputs;
  readonly runner: RunnerEnvironment;
  /** Who else can read what is not encrypted, in the log too; undefined: nobody. */
  readonly exposure: Exposure | undefined;
  readonly stores: readonly BackupStore[];
  readonly retention: Retention;
  readonly workFolder: WorkFolder;
  readonly stopwatch: Stopwatch;
  readonly progress: BackupProgress;
  readonly signal: AbortSignal;
}

const INPUT = 'connection-string';

/**
 * The backup job: client tools, preflight, dump (which is read back and stored while it is made), publication, report. A
 * backup exists only if every step before it succeeded. The work folder is always removed.
 *
 * @throws UserError with what went wrong and what to do; the signal's reason when it was cancelled.
 */
export async function backup(
  inputs: BackupInputs,
  runner: RunnerEnvironment,
  progress: BackupProgress,
  signal: AbortSignal,
): Promise<void> {
  const stopwatch = startStopwatch();
  log.info(`Connection string from ${inputs.connection.from}`);
  const plan = await planConnection(INPUT, inputs.connection.value, {
    env: process.env,
    allowPooler: inputs.allowPooler,
  });
  const testServerPlan = await planTestServer(inputs);
  const ready = await requireStores(inputs, runner);
  const exposure = await refuseExposure(inputs, runner, signal);
  withholdContent({
    encrypted: inputs.encryption !== undefined,
    exposure,
    remedy: 'run the backup without encryption in a private repository',
  });
  const kept = retention(inputs.retentionDays, runner.retentionLimit);

  await using workFolder = await makeWorkFolder(runner.temp);
  const stores = openStores(inputs, { ready, runner, retention: kept, workFolder, signal });
  await using connection = await openConnection(INPUT, plan, { tls: inputs.tls, workFolder, signal });
  await using testServer = testServerPlan && (await openTestServer(testServerPlan, { workFolder, signal }));
  await makeBackup(
    { inputs, runner, exposure, stores, retention: kept, workFolder, stopwatch, progress, signal },
    { connection, testServer },
  );
}

/** The connections that are ready for a backup. */
interface BackupResources {
  readonly connection: Connection;
  /** Undefined without a test restore. */
  readonly testServer: Connection | undefined;
}

/** What is needed for a dump: the database, the tools, and the server for the test restore. */
interface Prepared {
  readonly database: Database;
  readonly tools: ClientTools;
  readonly testDatabase: Database | undefined;
}

async function prepare(job: Job, { connection, testServer }: BackupResources): Promise<Prepared> {
  const { inputs, stopwatch, signal } = job;
  const { allowPooler, connectionAttempts: attempts } = inputs;
  const available = await stopwatch.time('Client tools', () => provideTools(toolsRequest(job)));
  const preflight = { input: INPUT, connection, tools: available, attempts, allowPooler, signal };
  const database = await stopwatch.time('Preflight', () => runPreflight(preflight));
  const testDatabase =
    testServer && (await checkTestServer(testServer, { tools: available, attempts, signal }));
  const newest = Math.max(database.server.major, testDatabase?.server.major ?? 0);
  const tools = await toolsForServer(toolsRequest(job), available, newest);
  refuseNewerServer(database.server, tools.major);
  if (testDatabase) refuseNewerTestServer(testDatabase.server, tools.major);
  return {
    database: withTools(database, tools),
    tools,
    testDatabase: testDatabase && withTools(testDatabase, tools),
  };
}

function withTools(database: Database, tools: ClientTools): Database {
  return { ...database, session: database.session.using(tools) };
}

/** The steps, in their order. */
async function makeBackup(job: Job, resources: BackupResources): Promise<void> {
  const { inputs, stores, stopwatch, workFolder, signal } = job;
  const { database, tools, testDatabase } = await prepare(job, resources);
  const { server } = database;
  const backupName = inputs.backupName ?? backupNameOf(server.database);
  const encrypted = inputs.encryption !== undefined;
  const named = newBackupFile({ backupName, takenAt: new Date(), encrypted });
  await using copies = await PendingCopies.begin(stores, backupFileName(named), {
    databaseBytes: server.databaseBytes,
    signal,
  });
  const spool = testDatabase && path.join(workFolder.path, 'archive');
  const files = { spool, workFolder: workFolder.path };
  const dumped = await stopwatch.time('Dump', () => dumpDatabase(inputs, database, copies.sinks, files));
  const { archive, file } = dumped;
  const search = { stores, backupName, maySkip: inputs.skipIfUnchanged, signal };
  const previous = await stopwatch.time('Previous backups', () => findPreviousBackups(search));
  const { contentDigest } = archive.manifest;
  const tag = await silentTag(job, contentDigest);
  const stored = inputs.skipIfUnchanged
    ? storedAlready(previous, { contentDigest, contentTag: tag })
    : undefined;
  const { encoding } = server;
  const testRestore =
    testDatabase && spool !== undefined && !stored
      ? await stopwatch.time('Test restore', () =>
          runTestRestore(testDatabase, {
            ...{ workFolder, archive: spool, readBack: archive, encoding, searchPath: inputs.searchPath },
            generatedValues: dumped.generatedValues,
          }),
        )
      : undefined;
  const record = recordOf(job, { database, tools, named, dumped, tag });
  const comparison = stored ? undefined : comparePrevious(previous[0], record, inputs.losses);
  if (!stored) warnOfShrinking(previous[0], { size: file.size, encrypted });
  const published = stored ? reuseExisting(stored) : await publish(job, record, copies);
  if (comparison) reportComparison(comparison);
  exposeTools(tools, inputs.addToPath);
  await reportBackup({
    ...published,
    ...{ backupName, server, testRestore, comparison },
    previous,
    address: resources.connection.address,
    clientVersion: tools.version,
    compression: inputs.compression.name,
    parallel: dumped.parallel,
    repository: job.runner.repository,
    content: isSilent(job) ? undefined : archive.manifest,
    restoring: restoreCommand({
      ...{ server, toolsMajor: tools.major, filters: inputs.filters },
      ...{ definitions: archive.manifest.definitions, silent: isSilent(job) },
    }),
    encryption: inputs.encryption,
    notIncluded: isSilent(job) ? dumped.notIncluded.map(withoutNames) : dumped.notIncluded,
    exposure: job.exposure,
    phases: stopwatch.phases,
    totalMs: stopwatch.total(),
  });
}

/** Whether nothing of the content may show, because it is encrypted or others can read what the job prints. */
function isSilent({ inputs, exposure }: Pick<Job, 'inputs' | 'exposure'>): boolean {
  return inputs.encryption !== undefined || exposure !== undefined;
}

/** The tag of the content, where the record must not tell of it; undefined elsewhere. */
async function silentTag(job: Job, contentDigest: string): Promise<string | undefined> {
  const { encryption, connection } = job.inputs;
  if (!isSilent(job)) return undefined;
  return contentTag(contentDigest, encryption, connection.value);
}

/** The record of the backup. */
function recordOf(
  { inputs, runner }: Job,
  made: Pick<Prepared, 'database' | 'tools'> & {
    readonly named: BackupFileName;
    readonly dumped: DumpedDatabase;
    readonly tag: string | undefined;
  },
): BackupRecord {
  const { server } = made.database;
  return makeRecord({
    backup: made.named,
    file: made.dumped.file,
    manifest: made.dumped.archive.manifest,
    dumpMs: made.dumped.dumpMs,
    generatedValues: made.dumped.generatedValues,
    extensions: made.dumped.extensions,
    contentTag: made.tag,
    database: server.database,
    serverVersion: server.version,
    clientVersion: made.tools.version,
    compression: inputs.compression.name,
    encryption: inputs.encryption,
    notIncluded: made.dumped.notIncluded,
    madeBy: { repository: runner.repository, run: runner.runId },
  });
}

/** Parses the connection string of the test server, if there is one, before any work. */
async function planTestServer({ testServer }: BackupInputs): Promise<ConnectionPlan | undefined> {
  if (testServer === undefined) return undefined;
  return planConnection(TEST_SERVER_INPUT, testServer, { env: process.env, allowPooler: undefined });
}
