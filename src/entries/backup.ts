import { backup } from '../backup.ts';
import { readBackupInputs } from '../inputs/backup-inputs.ts';
import { readRunnerEnvironment } from '../inputs/runner-environment.ts';
import { runJob } from './run-job.ts';

await runJob(async (signal) => {
  const runner = readRunnerEnvironment(process.env);
  await backup(await readBackupInputs(runner.workspace), runner, signal);
});
