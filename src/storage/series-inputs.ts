import * as core from '@actions/core';
import { UserError } from '../errors.ts';
import { checkedBackupName } from './backup-name.ts';
import { ownRepository } from '../github/repository.ts';
import { aboutSpelling } from '../runner/inputs/spelling.ts';
import { maskSecret } from '../runner/inputs/mask.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import type { StoreSource } from './open-store.ts';
import { readStore } from './store-inputs.ts';

/** The series of backups that an action works on. */
export interface SeriesInputs {
  readonly backupName: string;
  /** Where they are; artifacts are those of the repository of the job. */
  readonly source: StoreSource;
  /** Empty when there is none. */
  readonly githubToken: string;
}

/**
 * Reads the inputs that the actions on a whole series have in common, and makes the runner mask the token.
 *
 * @throws UserError naming the input, what was wrong and what to write.
 */
export function readSeriesInputs({ repository }: Pick<RunnerEnvironment, 'repository'>): SeriesInputs {
  const token = core.getInput('github-token');
  maskSecret(token);
  const line = readStore('storage', core.getInput('storage'));
  const source = line.kind === 'artifact' ? { ...line, repository: ownRepository(repository), token } : line;
  return { backupName: readBackupName(), source, githubToken: token };
}

/** Required even if there is only one series, because another may have disappeared. */
function readBackupName(): string {
  const name = core.getInput('backup-name');
  if (name !== '') return checkedBackupName('backup-name', name);
  throw new UserError(
    'invalid-input',
    'backup-name is required.',
    `Set backup-name to that of the backup action; if that has none, to the name of the database. ${aboutSpelling('backup-name')}`,
  );
}
