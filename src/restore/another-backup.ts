import { UserError } from '../errors.ts';
import { rowsOfBackups, sampled } from '../history/series-records.ts';
import { matchesTable } from '../history/table-patterns.ts';
import { log } from '../runner/log.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { openStore } from '../storage/open-store.ts';
import type { RestoreInputs } from './restore-inputs.ts';
import type { RestoreSource } from './restore-summary.ts';

/** What is needed to look at the other backups of a series. */
interface LookingJob {
  readonly inputs: RestoreInputs;
  readonly runner: RunnerEnvironment;
  readonly signal: AbortSignal;
}

/** The same error, with the newest backup that does contain the tables where the records of the series tell one. */
export async function namingAnotherBackup(
  error: unknown,
  source: RestoreSource,
  job: LookingJob,
): Promise<unknown> {
  const { inputs, signal } = job;
  const isAsked = error instanceof UserError && error.code === 'not-in-backup' && !log.withholdsContent;
  if (!isAsked || inputs.filters.tables.length === 0) return error;
  const name = await anotherBackup(source, job).catch((failure: unknown) => {
    signal.throwIfAborted();
    log.debug(`The other backups could not be looked at: ${log.reason(failure)}`);
    return undefined;
  });
  if (name === undefined) return error;
  return error.reworded({
    hint: (text) =>
      `The newest backup that contains it is ${name}: set "backup: ${name}". Otherwise: ${text}`,
  });
}

async function anotherBackup(
  source: RestoreSource,
  { inputs, runner, signal }: LookingJob,
): Promise<string | undefined> {
  const backup = source.kind === 'stored' ? source.file.backup : undefined;
  if (!backup || inputs.source.kind === 'file') return undefined;
  const patterns = inputs.filters.tables.map((pattern) => matchesTable(pattern, 'public'));
  const store = openStore(inputs.source.store, { runner, permission: 'read', signal });
  const looked = sampled((await store.list(backup.backupName)).backups);
  const reader = { action: 'restore', repository: runner.repository, ...inputs, signal };
  let place = 0;
  for await (const rows of rowsOfBackups(store, looked, reader)) {
    const tables = [...(rows?.tables.keys() ?? [])];
    if (patterns.every((matches) => matches && tables.some(matches))) return looked[place]?.name;
    place += 1;
  }
  return undefined;
}
