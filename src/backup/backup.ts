import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { dump } from './dump/dump.ts';
import { dumpArguments } from './dump/dump-arguments.ts';
import { encryptArchive } from '../age/encrypt.ts';
import type { ReadBack } from '../archive/read-back.ts';
import { type Selection, isOpaque, selection, unreadableError } from './dump/selection.ts';
import { contentTag } from './content-tag.ts';
import type { BackupProgress } from './backup-outcome.ts';
import { cancelledOr } from '../errors.ts';
import { exposeTools } from '../tools/expose-tools.ts';
import { provideTools, toolsForServer } from '../tools/provide-client-tools.ts';
import {
  type Connection,
  type ConnectionPlan,
  openConnection,
  planConnection,
} from '../postgres/connection.ts';
import { type Database, type ServerFacts, refuseNewerServer, runPreflight } from '../postgres/preflight.ts';
import { toolsRequest } from '../postgres/server-inputs.ts';
import {
  type PreviousBackups,
  findPreviousBackups,
  storedAlready,
  warnOfShrinking,
} from './previous-backups.ts';
import { encryptedTo } from '../age/age-inputs.ts';
import { backupNameOf } from '../storage/backup-name.ts';
import type { BackupInputs } from './backup-inputs.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import type { BackupFile } from './published-backup.ts';
import { reportBackup } from './summary/backup-report.ts';
import { bytes, duration } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { type Stopwatch, startStopwatch } from '../runner/stopwatch.ts';
import { verifyArchive } from '../archive/verify-archive.ts';
import { reuseExisting, publish } from './publish.ts';
import {
  TEST_SERVER_INPUT,
  checkTestServer,
  openTestServer,
  runTestRestore,
} from './test-restore/test-restore.ts';
import { requireArtifactService } from '../storage/artifact/artifact-service.ts';
import { type LocalDestination, prepareLocalDestination } from '../storage/folder/local-copy.ts';
import { artifactName } from '../storage/artifact-name.ts';
import { type Exposure, requirePrivacy } from '../github/privacy.ts';
import { type WorkFolder, makeWorkFolder } from '../runner/work-folder.ts';

/** What every step of one backup shares. */
interface Job {
  readonly inputs: BackupInputs;
  readonly runner: RunnerEnvironment;
  /** Who else can read the artifact; undefined: nobody. */
  readonly exposure: Exposure | undefined;
  readonly workFolder: WorkFolder;
  readonly stopwatch: Stopwatch;
  readonly progress: BackupProgress;
  readonly signal: AbortSignal;
}

const INPUT = 'connection-string';

/**
 * The backup job: client tools, preflight, dump, read back, upload, report. An artifact exists only if every step
 * before it succeeded. The work folder is always removed.
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
  if (inputs.destination.upload) requireArtifactService(process.env);
  const exposure = await refuseExposure(inputs, runner, signal);
  const localDestination = await prepareLocalDestination('path', inputs.destination.keepAt, runner.workspace);

  await using workFolder = await makeWorkFolder(runner.temp);
  await using connection = await openConnection(INPUT, plan, { tls: inputs.tls, workFolder, signal });
  await using testServer = testServerPlan && (await openTestServer(testServerPlan, { workFolder, signal }));
  await makeBackup(
    { inputs, runner, exposure, workFolder, stopwatch, progress, signal },
    { connection, testServer, localDestination },
  );
}

/** Fails before any connection if everyone could read the upload. */
async function refuseExposure(
  { destination, encryption, allowPlaintextOnPublic: allowed, githubToken: token }: BackupInputs,
  { repository }: RunnerEnvironment,
  signal: AbortSignal,
): Promise<Exposure | undefined> {
  if (!destination.upload || encryption) return undefined;
  return requirePrivacy({ repository, token, allowed, env: process.env, signal });
}

/** The connections and the destination that are ready for a backup. */
interface BackupResources {
  readonly connection: Connection;
  /** Undefined without a test restore. */
  readonly testServer: Connection | undefined;
  readonly localDestination: LocalDestination | undefined;
}

/** The steps, in their order. */
async function makeBackup(
  job: Job,
  { connection, testServer, localDestination }: BackupResources,
): Promise<void> {
  const { inputs, stopwatch, signal } = job;
  const attempts = inputs.connectionAttempts;
  const available = await stopwatch.time('Client tools', () => provideTools(toolsRequest(job)));
  const { allowPooler } = inputs;
  const preflight = { input: INPUT, connection, tools: available, attempts, allowPooler, signal };
  const database = await stopwatch.time('Preflight', () => runPreflight(preflight));
  const tools = await toolsForServer(toolsRequest(job), available, database.server.major);
  refuseNewerServer(database.server, tools.major);
  const testDatabase = testServer && (await checkTestServer(testServer, { tools, attempts, signal }));

  const startedAt = new Date();
  const archive = await stopwatch.time('Dump', () =>
    dumpDatabase(job, { ...database, session: database.session.using(tools) }),
  );
  const verified = await stopwatch.time('Read back', () => verifyArchive(archive, { ...job, tools }));
  const name = inputs.backupName ?? backupNameOf(database.server.database);
  const previous = await previousBackups(job, name);
  const tag = await contentTag(verified.manifest.contentDigest, inputs.encryption, inputs.connection.value);
  const encrypted = inputs.encryption !== undefined;
  const stored = inputs.skipIfUnchanged ? storedAlready(previous, { tag, encrypted }) : undefined;
  const { encoding } = database.server;
  const testRestore =
    testDatabase && !stored
      ? await stopwatch.time('Test restore', () =>
          runTestRestore(testDatabase, { ...job, archive, readBack: verified, encoding }),
        )
      : undefined;
  const file = await finishFile(
    job,
    artifactName({ name, time: startedAt, tag, encrypted }),
    archive,
    verified,
  );
  if (!stored) warnOfShrinking(previous, { size: file.size, encrypted });
  const published = stored
    ? await reuseExisting(stored, file, localDestination)
    : await publish(job, file, localDestination);
  exposeTools(tools, inputs.addToPath);
  await reportBackup({
    ...published,
    backupName: name,
    previous,
    server: database.server,
    address: connection.address,
    clientVersion: tools.version,
    compression: inputs.compression.spec,
    manifest: verified.manifest,
    testRestore,
    file,
    encryption: inputs.encryption,
    exposure: job.exposure,
    phases: stopwatch.phases,
    totalMs: stopwatch.total(),
    runner: job.runner,
  });
}

/** Parses the connection string of the test server, if there is one, before any work. */
async function planTestServer({ testServer }: BackupInputs): Promise<ConnectionPlan | undefined> {
  if (testServer === undefined) return undefined;
  return planConnection(TEST_SERVER_INPUT, testServer, { env: process.env, allowPooler: undefined });
}

async function dumpDatabase(job: Job, { server, connection, session }: Database): Promise<string> {
  const { inputs, workFolder } = job;
  const selected = selection(inputs.filters, server.relations);
  checkSelection(inputs, server, selected);
  const file = path.join(workFolder.path, 'archive');
  const compression = inputs.compression.spec;
  log.info(`Dumping ${server.database} (${compression})`);
  const started = performance.now();
  const size = await dump({
    session,
    args: dumpArguments({ file, compression, filters: inputs.filters, extra: inputs.dumpArguments }),
    file,
    sizes: new Map(
      server.relations
        .filter((relation) => relation.kind === 'table' && selected.includesData(relation))
        .map(({ schema, name, bytes: size }) => [`${schema}.${name}`, size]),
    ),
    attempts: inputs.connectionAttempts,
  }).catch((error: unknown) => {
    throw cancelledOr(session.signal, () => connection.failure() ?? error);
  });
  log.info(`Dumped ${bytes(size)} in ${duration(performance.now() - started)}`);
  return file;
}

/** Warns of an exclusion that matches nothing, and fails if the role cannot read everything that is selected. */
function checkSelection(inputs: BackupInputs, server: ServerFacts, selected: Selection): void {
  for (const [input, pattern] of selected.unmatchedExclusions) {
    log.warning(`${input}: the pattern ${pattern} matches nothing in the database, so nothing is left out.`);
  }
  const unreadable = unreadableError(server.user, selected, server.relations);
  if (unreadable && !isOpaque(inputs.dumpArguments)) throw unreadable;
  if (unreadable) log.warning(unreadable.message);
}

/** The stored backups of the same database; not listed without an upload. */
async function previousBackups(job: Job, backupName: string): Promise<PreviousBackups> {
  const { inputs, runner, stopwatch, signal } = job;
  if (!inputs.destination.upload) return undefined;
  const { githubToken: token, skipIfUnchanged: maySkip } = inputs;
  return stopwatch.time('Previous backups', () =>
    findPreviousBackups({ backupName, runner, token, maySkip, signal }),
  );
}

/** The archive under its final name; encrypted, if the inputs say so. */
async function finishFile(job: Job, name: string, archive: string, verified: ReadBack): Promise<BackupFile> {
  const { inputs, workFolder, signal } = job;
  const { encryption } = inputs;
  const target = path.join(workFolder.path, name);
  if (!encryption) {
    await rename(archive, target);
    return { path: target, size: verified.size, sha256: verified.sha256 };
  }
  const encrypted = await job.stopwatch.time('Encryption', () =>
    encryptArchive({ source: archive, target, plaintextSha256: verified.sha256, encryption, signal }),
  );
  await rm(archive);
  log.info(`Encrypted to ${encryptedTo(encryption)} and verified that it decrypts; removed the plaintext`);
  return { path: target, ...encrypted };
}
