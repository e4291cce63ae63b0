import { cleanup } from '../cleanup.ts';
import { readRunnerEnvironment } from '../inputs/runner-environment.ts';
import { runJob } from './run-job.ts';

await runJob(() => cleanup(readRunnerEnvironment(process.env)));
