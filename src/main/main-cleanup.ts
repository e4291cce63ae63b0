import { cleanup } from './cleanup.ts';
import { readRunnerEnvironment } from '../runner/runner-environment.ts';
import { runProcess } from './run-job.ts';

const failure = {
  heading: 'The runner could not be cleaned up',
  impact: "The remaining files are in the runner's folder for temporary files.",
};

await runProcess({ failure: () => failure }, () => cleanup(() => readRunnerEnvironment(process.env).temp));
