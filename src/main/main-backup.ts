import { backup } from '../backup/backup.ts';
import { type BackupProgress, backupFailure } from '../backup/backup-outcome.ts';
import { readBackupInputs } from '../backup/backup-inputs.ts';
import { readRunnerEnvironment } from '../runner/runner-environment.ts';
import { runJob } from './run-job.ts';

const progress: BackupProgress = { location: undefined };

await runJob({ failure: () => backupFailure(progress), posted: 'backup' }, async (signal) => {
  const runner = readRunnerEnvironment(process.env);
  await backup(await readBackupInputs(runner.workspace), runner, progress, signal);
});
