import { cleanup } from './cleanup.ts';
import { readRunnerEnvironment } from '../runner/runner-environment.ts';
import { runProcess } from './run-job.ts';

const frame = {
  heading: 'The runner could not be cleaned up',
  impact: "What is left is in the runner's folder for temporary files.",
};

await runProcess({ frame: () => frame }, () => cleanup(() => readRunnerEnvironment(process.env).temp));
