import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../src/process/run.ts';
import { keptFolder } from './build-cache.ts';
import { REPOSITORY_ROOT, nodeProgram } from './node-program.ts';
import type { PgdgMirror } from './pgdg-mirror.ts';

/** A tool cache as the first job on a machine leaves it, with the mirror's client tools. Made once (about 2 s), then kept. */
export function installedToolCache(mirror: PgdgMirror): Promise<string> {
  return keptFolder(`tool-cache-1-${mirror.name}`, async (folder) => {
    const work = join(folder, 'work');
    await mkdir(work);
    const program = join(REPOSITORY_ROOT, '__tests__/support/client-install-process.ts');
    const args = [program, 'provide', mirror.url, mirror.signingKey, work];
    const { exitCode, stderr } = await run(nodeProgram(), args, {
      env: { HOME: work, RUNNER_TOOL_CACHE: folder },
    });
    if (exitCode !== 0) throw new Error(`The client tools could not be installed: ${stderr}`);
    await rm(work, { recursive: true });
  });
}
