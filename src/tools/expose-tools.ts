import { addPath, setOutput } from '../runner/command-files.ts';
import { log } from '../runner/log.ts';
import type { ClientTools } from './client-tools.ts';

/** Lets later steps use the tools: sets the output `bin-directory` to their folder and, with `add-to-path`, puts it on PATH. */
export function exposeTools(tools: ClientTools, addToPath: boolean): void {
  if (tools.lasting) setOutput('bin-directory', tools.pathDirectory);
  if (addToPath) addToolsToPath(tools);
}

/**
 * Puts the tools first on PATH for later steps, before the distribution's own tools. If they are deleted after this step (the tool
 * cache could not be written), it warns instead.
 */
export function addToolsToPath(tools: ClientTools): void {
  if (tools.lasting) addPath(tools.pathDirectory);
  else {
    log.warning(
      'add-to-path: the tool cache cannot be written, so the client tools are deleted after this step. PATH is unchanged.',
    );
  }
}
