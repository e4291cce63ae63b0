import { check } from '../check/check.ts';
import { readCheckInputs } from '../check/check-inputs.ts';
import { readRunnerEnvironment } from '../runner/runner-environment.ts';
import { runJob } from './run-job.ts';

const failure = {
  heading: 'The check of the backups failed',
  impact: 'Nothing was changed: a check only reads.',
};

await runJob({ failure: () => failure }, async (signal) => {
  const runner = readRunnerEnvironment(process.env);
  await check(readCheckInputs(runner), runner, signal);
});
