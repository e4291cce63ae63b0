import { type ReadBack, readBack } from './read-back.ts';
import type { ClientTools } from '../tools/client-tools.ts';
import { count, duration } from '../runner/format.ts';
import type { WorkFolder } from '../runner/work-folder.ts';
import { log } from '../runner/log.ts';

/** The means to read an archive back. */
interface Verification {
  readonly tools: ClientTools;
  readonly workFolder: WorkFolder;
  readonly signal: AbortSignal;
}

/**
 * Reads the whole archive back, as every job does before it uses one, and logs its contents.
 *
 * @throws UserError as {@link readBack}.
 */
export async function verifyArchive(
  archive: string,
  { tools, workFolder, signal }: Verification,
): Promise<ReadBack> {
  const started = performance.now();
  const { pgRestore, environment } = tools;
  const verified = await readBack({ archive, pgRestore, environment, workFolder: workFolder.path, signal });
  logReadBack(verified, performance.now() - started);
  return verified;
}

/** Logs what an archive contains that was read back; `milliseconds` where that took time of its own. */
export function logReadBack({ manifest }: ReadBack, milliseconds?: number): void {
  const { tables, rows, contentDigest } = manifest;
  const time = milliseconds === undefined ? '' : ` in ${duration(milliseconds)}`;
  log.content(
    `Read back ${count(tables.length, 'table')} and ${count(rows, 'row')}${time}; ` +
      `content digest ${contentDigest.slice(0, 12)}…`,
    `Read back the whole archive${time}`,
  );
}
