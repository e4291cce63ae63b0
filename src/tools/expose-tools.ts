import { addPath, setOutput } from '../runner/command-files.ts';
import { log } from '../runner/log.ts';
import type { ClientTools } from './client-tools.ts';

/**
 * Lets later steps use the tools: sets the output `bin-directory` to their folder and, with `add-to-path`, puts it first on PATH,
 * before the distribution's own tools.
 *
 * Tools that are deleted after this step (the tool cache could not be written) are not offered; with `add-to-path`, it warns.
 */
export function exposeTools(tools: ClientTools, addToPath: boolean): void {
  if (!tools.lasting) {
    if (addToPath) {
      log.warning(
        'add-to-path: the tool cache cannot be written, so the client tools are deleted after this step. PATH is unchanged.',
      );
    }
    return;
  }
  setOutput('bin-directory', tools.pathDirectory);
  if (addToPath) addPath(tools.pathDirectory);
}
