import { readPruneInputs } from '../prune/prune-inputs.ts';
import { readRunnerEnvironment } from '../runner/runner-environment.ts';
import { NOTHING_DELETED, prune } from '../prune/prune.ts';
import { runJob } from './run-job.ts';

const impact = { words: NOTHING_DELETED };
const failure = () => ({ heading: 'The backups were not pruned', impact: impact.words });

await runJob({ failure }, async (signal) => {
  const runner = readRunnerEnvironment(process.env);
  await prune(readPruneInputs(runner), runner, impact, signal);
});
