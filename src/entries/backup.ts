import { backup } from '../backup.ts';
import { type BackupProgress, backupFailure } from '../backup-failure.ts';
import { readBackupInputs } from '../inputs/backup-inputs.ts';
import { readRunnerEnvironment } from '../inputs/runner-environment.ts';
import { runJob } from './run-job.ts';

const progress: BackupProgress = { storedAs: undefined };

await runJob({ frame: () => backupFailure(progress), posted: 'backup' }, async (signal) => {
  const runner = readRunnerEnvironment(process.env);
  await backup(await readBackupInputs(runner.workspace), runner, progress, signal);
});
