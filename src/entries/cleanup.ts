import { cleanup } from '../cleanup.ts';
import { readRunnerEnvironment } from '../inputs/runner-environment.ts';
import { runJob } from './run-job.ts';

const frame = {
  heading: 'The runner could not be cleaned up',
  aftermath: () => "What is left is in the runner's folder for temporary files.",
};

await runJob(frame, () => cleanup(readRunnerEnvironment(process.env)));
