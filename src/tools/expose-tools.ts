import { addPath, setOutput } from '../runner/command-files.ts';
import { log } from '../runner/log.ts';
import type { ClientTools } from './client-tools.ts';

/**
 * Lets later steps use the tools: their folder as the output `bin-directory`, and with `add-to-path` first on PATH,
 * ahead of what the distribution has there.
 *
 * Tools that go with this step (the tool cache could not be written) are not offered; asked to put them on PATH, it warns.
 */
export function exposeTools(tools: ClientTools, addToPath: boolean): void {
  if (!tools.lasting) {
    if (addToPath) {
      log.warning(
        'add-to-path: the tool cache cannot be written, so the client tools are gone after this step; PATH stays as it is.',
      );
    }
    return;
  }
  setOutput('bin-directory', tools.pathDirectory);
  if (addToPath) addPath(tools.pathDirectory);
}
