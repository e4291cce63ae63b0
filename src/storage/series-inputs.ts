import * as core from '@actions/core';
import { UserError } from '../errors.ts';
import { checkedBackupName } from './backup-name.ts';
import { type Repository, ownRepository } from '../github/repository.ts';
import { maskSecret } from '../runner/inputs/mask.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';

/** Which series of backups an action is about. */
export interface SeriesInputs {
  readonly backupName: string;
  /** The one that the job runs in. */
  readonly repository: Repository;
  /** Empty when there is none. */
  readonly token: string;
}

/**
 * Reads the inputs that the actions on a whole series have in common, and has the runner mask the token.
 *
 * @throws UserError naming the input, what was wrong and what to write.
 */
export function readSeriesInputs({ repository }: Pick<RunnerEnvironment, 'repository'>): SeriesInputs {
  const token = core.getInput('github-token');
  maskSecret(token);
  return { backupName: readBackupName(), repository: ownRepository(repository), token };
}

/** Not guessed, even where there is only one series: it may be the one that is left of two. */
function readBackupName(): string {
  const name = core.getInput('backup-name');
  if (name !== '') return checkedBackupName('backup-name', name);
  throw new UserError(
    'invalid-input',
    'backup-name: the value is empty.',
    'Set backup-name to that of the backup action; where that has none, it is the name of the database.',
  );
}
