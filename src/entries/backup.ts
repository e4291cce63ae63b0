import { backup } from '../backup.ts';
import { readBackupInputs } from '../inputs/backup-inputs.ts';
import { readRunnerEnvironment } from '../inputs/runner-environment.ts';
import { runJob } from './run-job.ts';

const frame = { heading: 'No backup was made', aftermath: () => 'Nothing was published.' };

await runJob(frame, async (signal) => {
  const runner = readRunnerEnvironment(process.env);
  await backup(await readBackupInputs(runner.workspace), runner, signal);
});
