import { rename } from 'node:fs/promises';
import path from 'node:path';
import { dump } from './archive/dump.ts';
import { dumpArguments } from './archive/dump-arguments.ts';
import { type ReadBack, readBack } from './archive/read-back.ts';
import { type Selection, isOpaque, selection, unreadableError } from './archive/selection.ts';
import type { ClientTools } from './client/client-tools.ts';
import { provideClientTools } from './client/provide-client-tools.ts';
import { type Connection, openConnection, planConnection } from './connection/connection.ts';
import { type ServerFacts, preflight, refuseNewerServer } from './connection/preflight.ts';
import { backupNameOf } from './inputs/backup-name.ts';
import type { BackupInputs } from './inputs/backup-inputs.ts';
import type { RunnerEnvironment } from './inputs/runner-environment.ts';
import type { Environment } from './process/run.ts';
import { type PublishedBackup, reportBackup } from './report/backup-report.ts';
import { bytes, count, duration } from './log/format.ts';
import { log } from './log/log.ts';
import { type Stopwatch, startStopwatch } from './log/stopwatch.ts';
import { requireArtifactService } from './store/artifact-service.ts';
import { type KeptPlace, prepareKeptPlace, stage } from './store/kept-file.ts';
import { artifactName } from './store/artifact-name.ts';
import { expiry, retention, retentionInWords } from './store/retention.ts';
import { upload } from './store/upload.ts';
import { type WorkFolder, makeWorkFolder } from './work-folder.ts';

/** What every step of one backup shares. */
interface Job {
  readonly inputs: BackupInputs;
  readonly runner: RunnerEnvironment;
  readonly workFolder: WorkFolder;
  readonly stopwatch: Stopwatch;
  readonly signal: AbortSignal;
}

/** A server that answers, and the environment through which every tool reaches it. */
interface Database {
  readonly server: ServerFacts;
  readonly connection: Connection;
  readonly environment: Environment;
}

/**
 * The backup job: client tools, preflight, dump, read-back, publication, report. An artifact exists only if every
 * step before it succeeded; whatever happens, the work folder is removed.
 *
 * @throws UserError with what went wrong and what to do; the signal's reason when it was cancelled.
 */
export async function backup(
  inputs: BackupInputs,
  runner: RunnerEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const stopwatch = startStopwatch();
  log.info(`Connection string from ${inputs.connection.from}`);
  const plan = await planConnection('connection-string', inputs.connection.value, {
    env: process.env,
    allowPooler: inputs.allowPooler,
  });
  if (inputs.destination.upload) requireArtifactService(process.env);
  const keptPlace = await prepareKeptPlace('path', inputs.destination.keepAt, runner.workspace);

  const workFolder = await makeWorkFolder(runner.temp);
  try {
    const { tls } = inputs;
    const connection = await openConnection('connection-string', plan, {
      tls,
      workFolder: workFolder.path,
      signal,
    });
    try {
      await makeBackup({ inputs, runner, workFolder, stopwatch, signal }, connection, keptPlace);
    } finally {
      await connection.close();
    }
  } finally {
    await workFolder.remove();
  }
}

/** The steps themselves, in their order. */
async function makeBackup(job: Job, connection: Connection, keptPlace: KeptPlace | undefined): Promise<void> {
  const { stopwatch } = job;
  const tools = await stopwatch.time('Client tools', () => clientTools(job));
  const database = await stopwatch.time('Preflight', () => askDatabase(job, tools, connection));
  const startedAt = new Date();
  const archive = await stopwatch.time('Dump', () => dumpDatabase(job, tools, database));
  const proven = await stopwatch.time('Read back', () => proveArchive(job, tools, archive));
  const file = await nameArchive(job, database, archive, proven, startedAt);
  const published = await publish(job, file, proven, keptPlace);
  await reportBackup({
    ...published,
    server: database.server,
    address: connection.address,
    clientVersion: tools.version,
    compression: job.inputs.compression.spec,
    proven,
    phases: stopwatch.phases,
    totalMs: stopwatch.total(),
    runner: job.runner,
  });
}

function clientTools({ inputs, workFolder, signal }: Job): Promise<ClientTools> {
  const { postgresMajor: major, aptMirror, aptSigningKey } = inputs;
  return provideClientTools({ major, aptMirror, aptSigningKey, workFolder: workFolder.path, signal });
}

async function askDatabase(job: Job, tools: ClientTools, connection: Connection): Promise<Database> {
  const { inputs, signal } = job;
  const { address, failureHints, failure } = connection;
  const environment = { ...tools.environment, ...connection.environment };
  const server = await preflight('connection-string', {
    client: { psql: tools.psql, environment, signal },
    attempts: inputs.connectionAttempts,
    allowPooler: inputs.allowPooler,
    failureHints,
    knownFailure: failure,
  });
  const tables = server.relations.filter(({ kind }) => kind === 'table').length;
  log.info(
    `Connected to ${server.database} at ${address} as ${server.user}: PostgreSQL ${server.version}` +
      `${server.inRecovery ? ' (a standby)' : ''}, ${bytes(server.databaseBytes)}, ${count(tables, 'table')}, ${server.encoding}`,
  );
  refuseNewerServer(server, tools.major);
  return { server, connection, environment };
}

async function dumpDatabase(
  job: Job,
  tools: ClientTools,
  { server, environment, connection }: Database,
): Promise<string> {
  const { inputs, workFolder, signal } = job;
  const selected = selection(inputs.filters, server.relations);
  checkSelection(inputs, server, selected);
  const file = path.join(workFolder.path, 'archive');
  const compression = inputs.compression.spec;
  log.info(`Dumping ${server.database} (${compression})`);
  const started = performance.now();
  const size = await dump({
    pgDump: tools.pgDump,
    args: dumpArguments({ file, compression, filters: inputs.filters, extra: inputs.dumpArguments }),
    environment,
    file,
    sizes: new Map(
      server.relations
        .filter((relation) => relation.kind === 'table' && selected.includesData(relation))
        .map(({ schema, name, bytes: size }) => [`${schema}.${name}`, size]),
    ),
    signal,
    onSpawn: workFolder.recordChild,
  }).catch((error: unknown) => {
    throw signal.aborted ? error : (connection.failure() ?? error);
  });
  log.info(`Dumped ${bytes(size)} in ${duration(performance.now() - started)}`);
  return file;
}

/** Tells of exclusions that exclude nothing, and stops where the role cannot read what it is to back up. */
function checkSelection(inputs: BackupInputs, server: ServerFacts, selected: Selection): void {
  for (const [input, pattern] of selected.idleExclusions) {
    log.warning(
      `${input}: the pattern ${pattern} matches nothing in the database, so it leaves nothing out.`,
    );
  }
  const unreadable = unreadableError(server.user, selected, server.relations);
  if (unreadable && !isOpaque(inputs.dumpArguments)) throw unreadable;
  if (unreadable) log.warning(unreadable.message);
}

async function proveArchive(job: Job, tools: ClientTools, archive: string): Promise<ReadBack> {
  const started = performance.now();
  const proven = await readBack({ archive, tools, signal: job.signal, onSpawn: job.workFolder.recordChild });
  const { tables, rows, contentDigest } = proven.manifest;
  log.info(
    `Read back ${count(tables.length, 'table')} and ${count(rows, 'row')} in ${duration(performance.now() - started)}; ` +
      `content digest ${contentDigest.slice(0, 12)}…`,
  );
  return proven;
}

/** The archive gets the name under which it is kept and published. */
async function nameArchive(
  job: Job,
  database: Database,
  archive: string,
  proven: ReadBack,
  time: Date,
): Promise<string> {
  const name = job.inputs.backupName ?? backupNameOf(database.server.database);
  const file = path.join(
    job.workFolder.path,
    artifactName({ name, time, contentDigest: proven.manifest.contentDigest }),
  );
  await rename(archive, file);
  return file;
}

/** Uploads the archive, and keeps it on the disk if that was asked for: both, or neither. */
async function publish(
  { inputs, runner, stopwatch, signal }: Job,
  file: string,
  proven: ReadBack,
  place: KeptPlace | undefined,
): Promise<PublishedBackup> {
  const fileName = path.basename(file);
  const staged = place && (await stage(file, place));
  try {
    if (!inputs.destination.upload) {
      return { fileName, artifact: undefined, keptAt: await staged?.commit() };
    }
    const kept = retention(inputs.retentionDays, runner.retentionLimit);
    const { size, sha256 } = proven;
    const { id } = await stopwatch.time('Upload', () =>
      upload({ file, size, sha256, retentionDays: kept.grantedDays, signal }),
    );
    const expiresAt = expiry(new Date(), kept);
    log.info(`Uploaded ${fileName} (${bytes(size)}); kept for ${retentionInWords(kept)}`);
    return {
      fileName,
      artifact: { id, expiresAt, retention: retentionInWords(kept) },
      keptAt: await staged?.commit(),
    };
  } finally {
    await staged?.discard();
  }
}
