import { readRestoreInputs } from '../restore/restore-inputs.ts';
import { readRunnerEnvironment } from '../runner/runner-environment.ts';
import { UNTOUCHED, restore } from '../restore/restore.ts';
import { runJob } from './run-job.ts';

const impact = { words: UNTOUCHED };
const failure = () => ({ heading: 'The restore failed', impact: impact.words });

await runJob({ failure, posted: 'restore' }, async (signal) => {
  const runner = readRunnerEnvironment(process.env);
  await restore(await readRestoreInputs(runner), runner, impact, signal);
});
