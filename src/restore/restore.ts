import { namingAnotherBackup } from './another-backup.ts';
import { obtainBackup } from './obtain-backup.ts';
import { requireRecorded } from './compare-record.ts';
import type { TableOfContents } from '../archive/toc/table-of-contents.ts';
import {
  type RestoreSettings,
  logPlan,
  makePlan,
  nameBrokenChecks,
  restoreInto,
  verifyTarget,
} from './engine.ts';
import type { ClientTools } from '../tools/client-tools.ts';
import { addToolsToPath } from '../tools/expose-tools.ts';
import { provideTools, toolsForServer } from '../tools/provide-client-tools.ts';
import { type Connection, openConnection, planConnection } from '../postgres/connection.ts';
import { type ServerFacts, refuseNewerServer, runPreflight } from '../postgres/preflight.ts';
import { toolsRequest } from '../postgres/server-inputs.ts';
import { exposureOf } from '../github/privacy.ts';
import { withholdContent } from '../github/withhold-content.ts';
import { encodingOf } from '../archive/toc/archive-facts.ts';
import { UserError, cancelledOr } from '../errors.ts';
import { expectedContents } from './plan/plan.ts';
import { textError } from './plan/text-encoding.ts';
import { kindsLeftOut, roleOf } from './pg-restore-args.ts';
import { isOpenRecord } from '../storage/record.ts';
import type { Outcome } from './apply/transaction-outcome.ts';
import type { RestoreInputs } from './restore-inputs.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { log } from '../runner/log.ts';
import { type Stopwatch, startStopwatch } from '../runner/stopwatch.ts';
import { verifyArchive } from '../archive/verify-archive.ts';
import { reportRestore } from './restore-report.ts';
import { type WorkFolder, makeWorkFolder } from '../runner/work-folder.ts';

/** The state that a failure leaves the target in, in one sentence; it changes as the restore goes on. */
export interface FailureImpact {
  words: string;
}

/** What every step of one restore shares. */
interface Job {
  readonly inputs: RestoreInputs;
  readonly runner: RunnerEnvironment;
  readonly workFolder: WorkFolder;
  readonly stopwatch: Stopwatch;
  readonly impact: FailureImpact;
  readonly signal: AbortSignal;
}

const INPUT = 'connection-string';

/** The impact of a failure, before anything is changed and at the steps after that. */
export const UNTOUCHED = 'The target was not touched.';
const IN_ONE_TRANSACTION: Readonly<Record<Outcome, string>> = {
  'rolled back': 'The target is as it was before: the restore is one transaction.',
  committed:
    'The target contains the whole backup: the transaction of the restore was committed. It is not verified.',
  unknown:
    'Check the target: the server could not be asked whether the restore was committed. It is one transaction, so the target either contains the whole backup or is as it was before.',
};
const IN_PARTS = 'The target may contain a part of the backup: with jobs, a restore is many transactions.';
const NOT_VERIFIED = 'The target contains what was restored, but it is not verified.';
const VERIFIED = 'The target contains what was restored, and it is verified.';

/**
 * The restore job: find the backup, read it back, guard the target, restore, verify, report. Nothing in the target is
 * changed before the whole archive has been read and the plan is known; whatever happens, the work folder is removed.
 *
 * @throws UserError with what went wrong and what to do; the signal's reason when it was cancelled.
 */
export async function restore(
  inputs: RestoreInputs,
  runner: RunnerEnvironment,
  impact: FailureImpact,
  signal: AbortSignal,
): Promise<void> {
  const stopwatch = startStopwatch();
  log.info(`Connection string from ${inputs.connection.from}`);
  const plan = await planConnection(INPUT, inputs.connection.value, {
    env: process.env,
    allowPooler: undefined,
  });
  await beSilent(inputs, runner, signal);
  await using workFolder = await makeWorkFolder(runner.temp);
  await using connection = await openConnection(INPUT, plan, { tls: inputs.tls, workFolder, signal });
  try {
    await restoreBackup({ inputs, runner, workFolder, stopwatch, impact, signal }, connection);
  } catch (error) {
    throw cancelledOr(signal, () => connection.failure() ?? withRestoreHint(error));
  }
}

/** Of an encrypted backup, nothing shows; nor of any where others can read what the job prints. */
async function beSilent(
  { keys, githubToken: token }: RestoreInputs,
  { repository }: RunnerEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const encrypted = keys !== undefined;
  const exposure = encrypted ? undefined : await exposureOf({ repository, token, env: process.env, signal });
  const remedy = `restore the backup with pg_restore on a machine of your own${encrypted ? '' : ', or in a private repository'}`;
  withholdContent({ encrypted, exposure, remedy });
}

/** The archive was not made in this job: running it again would read the same one. */
function withRestoreHint(error: unknown): unknown {
  if (!(error instanceof UserError) || error.code !== 'archive-unreadable') return error;
  return error.reworded({
    hint: () =>
      'Use another copy of the backup, or another backup. If those cannot be read either, check the disk of the runner: it may be full or failing.',
  });
}

/** The steps themselves, in their order. */
async function restoreBackup(job: Job, connection: Connection): Promise<void> {
  const { inputs, stopwatch, impact, workFolder, signal } = job;
  const available = await stopwatch.time('Client tools', () => provideTools(toolsRequest(job)));
  const { connectionAttempts: attempts } = inputs;
  const preflight = { input: INPUT, connection, tools: available, attempts, allowPooler: undefined, signal };
  const { server, session } = await stopwatch.time('Preflight', () => runPreflight(preflight));
  const backup = await stopwatch.time('Download', () => obtainBackup(job));
  const tools = await toolsFor(job, available, server, backup.contents);
  const readBack = await stopwatch.time('Read back', () =>
    verifyArchive(backup.archive, { tools, workFolder, signal }),
  );
  const archive = { path: backup.archive, contents: backup.contents, readBack };
  requireRecorded(backup.record, backup.stored ?? readBack, readBack.manifest);

  const target = { session: session.using(tools), serverMajor: server.major, workFolder: workFolder.path };
  const settings = settingsOf(inputs);
  const planned = await makePlan(archive, target, settings.options).catch(async (error: unknown) => {
    throw await namingAnotherBackup(error, backup.source, job);
  });
  logPlan(planned);
  const { tables } = expectedContents(readBack.manifest, planned);
  const invalidText = textError(encodingOf(backup.contents), server.encoding, tables);
  if (invalidText) throw invalidText;
  impact.words = settings.options.jobs === undefined ? IN_ONE_TRANSACTION['rolled back'] : IN_PARTS;
  const onOutcome = (outcome: Outcome): void => {
    impact.words = IN_ONE_TRANSACTION[outcome];
  };
  const restored = await stopwatch.time('Restore', () =>
    restoreInto(archive, target, planned, { ...settings, onOutcome }),
  );
  impact.words = NOT_VERIFIED;
  const plan = await nameBrokenChecks(planned, target);
  const { record } = backup;
  const generatedValues = record && isOpenRecord(record) ? record.generatedValues : undefined;
  const verification = inputs.verify
    ? await stopwatch.time('Verification', () =>
        verifyTarget(archive, target, plan, { restored, settings, generatedValues }),
      )
    : undefined;
  if (verification === undefined) log.info('Verification skipped (verify: false)');
  else impact.words = VERIFIED;
  if (inputs.addToPath) addToolsToPath(tools);

  await reportRestore({
    database: server.database,
    address: connection.address,
    serverVersion: server.version,
    clientVersion: tools.version,
    source: backup.source,
    record: backup.record,
    archive: { ...archive.readBack, contents: archive.contents },
    plan,
    restored,
    verification,
    withheld: log.withheldBecause,
    phases: stopwatch.phases,
    totalMs: stopwatch.total(),
  });
}

function settingsOf(inputs: RestoreInputs): RestoreSettings {
  const { filters, clean, confirmDatabase, noOwner, noPrivileges, databaseSettings, searchPath } = inputs;
  const { restoreArguments } = inputs;
  const jobs = possibleJobs(inputs);
  const given = { role: roleOf(restoreArguments), kindsLeftOut: kindsLeftOut(restoreArguments) };
  return {
    options: {
      filters,
      clean,
      confirmDatabase,
      noOwner,
      noPrivileges,
      databaseSettings,
      jobs,
      searchPath,
      ...given,
      forTest: false,
    },
    restoreArguments,
  };
}

/** `pg_restore` sets the search path in each of its connections, and has no option for another one. */
function possibleJobs({ jobs, searchPath }: RestoreInputs): number | undefined {
  if (jobs === undefined || searchPath.length === 0) return jobs;
  log.notice('jobs: with search-path, everything is restored over one connection, in one transaction.');
  return undefined;
}

/** The available tools, or newer ones: they must read the archive, and dump the target again for the verification. */
async function toolsFor(
  job: Job,
  available: ClientTools,
  server: ServerFacts,
  { dumpMajor, dumpVersion }: TableOfContents,
): Promise<ClientTools> {
  const tools = await toolsForServer(toolsRequest(job), available, Math.max(server.major, dumpMajor));
  if (tools.major < dumpMajor) {
    throw new UserError(
      'tools-unavailable',
      `The backup was made by pg_dump ${dumpVersion}, which is newer than the client tools (${tools.major}).`,
      `Set "postgres-version: ${dumpMajor}", or remove postgres-version.`,
    );
  }
  if (job.inputs.verify) refuseNewerServer(server, tools.major);
  return tools;
}
