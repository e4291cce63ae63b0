import type { RunnerEnvironment } from './inputs/runner-environment.ts';
import { removeRecordedWorkFolder } from './work-folder.ts';

/** The post step: removes what the main step recorded and could not remove itself, because it was killed. */
export async function cleanup(runner: RunnerEnvironment): Promise<void> {
  await removeRecordedWorkFolder(runner.temp);
}
