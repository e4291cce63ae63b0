import { type ReadBack, readBack } from './read-back.ts';
import type { ClientTools } from '../tools/client-tools.ts';
import { count, duration } from '../runner/format.ts';
import type { WorkFolder } from '../runner/work-folder.ts';
import { log } from '../runner/log.ts';

/** What an archive is read back with. */
interface ProofTools {
  readonly tools: ClientTools;
  readonly workFolder: WorkFolder;
  readonly signal: AbortSignal;
}

/**
 * Reads an archive back whole, as every job does before it relies on one, and tells the log what is in it.
 *
 * @throws UserError as {@link readBack}.
 */
export async function verifyArchive(
  archive: string,
  { tools, workFolder, signal }: ProofTools,
): Promise<ReadBack> {
  const started = performance.now();
  const { pgRestore, environment } = tools;
  const proven = await readBack({ archive, pgRestore, environment, workFolder: workFolder.path, signal });
  const { tables, rows, contentDigest } = proven.manifest;
  log.info(
    `Read back ${count(tables.length, 'table')} and ${count(rows, 'row')} in ${duration(performance.now() - started)}; ` +
      `content digest ${contentDigest.slice(0, 12)}…`,
  );
  return proven;
}
