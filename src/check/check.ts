import type { CheckInputs } from './check-inputs.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { type Complaint, type JudgedBackup, complaintsAbout } from './freshness.ts';
import { inactivity } from './inactivity.ts';
import { FailedResult } from '../runner/failure-report.ts';
import { finish } from '../runner/finish.ts';
import { log } from '../runner/log.ts';
import { startStopwatch } from '../runner/stopwatch.ts';
import { checkOutputs, checkProblem, checkSummary, goodNews } from './check-report.ts';
import { describeInactivity } from './check-text.ts';
import { rowsOfBackups, sampled } from '../history/series-records.ts';
import { type LossPolicy, RowLosses, type KnownRows } from '../history/row-losses.ts';
import { withBackups } from '../history/loss-text.ts';
import { connectToGitHub } from '../github/github-api.ts';
import { lastPublicPush } from '../github/last-push.ts';
import { type StoreSource, openStore } from '../storage/open-store.ts';
import type { StoredBackup } from '../storage/store.ts';

/**
 * The check job: list the backups of a series, check them, report. It changes nothing.
 *
 * @throws FailedResult with everything that is wrong; UserError when the backups cannot be listed; the signal's reason.
 */
export async function check(
  { backupName, source, policy, losses, githubToken }: CheckInputs,
  runner: RunnerEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const stopwatch = startStopwatch();
  const store = openStore(source, { runner, permission: 'read', signal });
  const series = await stopwatch.time('List', () => store.list(backupName));
  if (source.kind === 'artifact') await stopwatch.time('Activity', () => warnOfInactivity(source, signal));
  const looked = sampled(series.backups);
  const known: (KnownRows | undefined)[] = [];
  await stopwatch.time('Records', async () => {
    const reader = { action: 'check', repository: runner.repository, githubToken, signal };
    for await (const rows of rowsOfBackups(store, looked, reader)) known.push(rows);
  });
  const now = new Date();
  const clocks = { now, github: series.answeredAt };
  const complaints = [
    ...complaintsAbout(series.backups.map(asJudged), policy, clocks),
    ...complaintsAboutRows(looked, known, losses),
  ];
  const history = log.withholdsContent
    ? []
    : looked.map((backup, index) => ({ ...backup, rows: known[index]?.tables }));
  const report = { series, complaints, history, now };
  const result = { outputs: checkOutputs(report), summary: checkSummary(report) };
  const problem = checkProblem(report);
  if (problem) throw new FailedResult(problem.message, problem.hint, result);
  log.info(goodNews(report));
  await finish({ ...result, phases: stopwatch.phases, totalMs: stopwatch.total() });
}

function complaintsAboutRows(
  backups: readonly StoredBackup[],
  known: readonly (KnownRows | undefined)[],
  policy: LossPolicy,
): Complaint[] {
  const search = new RowLosses(policy);
  for (const rows of known) search.add(rows);
  const losses = withBackups(search.found, backups);
  return losses.length === 0 ? [] : [{ kind: 'rows-lost', losses, maximumRowLoss: policy.maximumRowLoss }];
}

async function warnOfInactivity(
  { repository, token }: StoreSource & { kind: 'artifact' },
  signal: AbortSignal,
): Promise<void> {
  const api = await connectToGitHub({ repository, isOwnRepository: true, token, env: process.env, signal });
  const lastPush = await lastPublicPush(api);
  const found = lastPush && inactivity(lastPush, new Date());
  if (found) log.warning(describeInactivity(api.repository, found, new Date()));
}

function asJudged({ backup: { takenAt }, createdAt, size }: StoredBackup): JudgedBackup {
  return { takenAt, createdAt, size };
}
