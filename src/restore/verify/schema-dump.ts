import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TableOfContents, readTableOfContents } from '../../archive/toc/table-of-contents.ts';
import { canSelect, dumpFilter } from './dump-filter.ts';
import { runDump, sharedArguments } from './verification-dump.ts';
import type { VerificationRequest } from './verification-request.ts';

/** Which database, with what, and which of its relations are none of the restore's business. */
export type SchemaDumpRequest = Pick<VerificationRequest, 'session' | 'workFolder' | 'encoding' | 'role'> & {
  readonly untouched: readonly (readonly string[])[];
};

/**
 * Dumps the definitions of the target, with owners and privileges, and reads what `pg_dump` says of them. Relations that
 * the restore has not touched are left out: the user may not be allowed to lock them.
 *
 * @throws UserError when `pg_dump` fails or its connection stops responding; the signal's reason when it was aborted.
 */
export async function dumpSchema(request: SchemaDumpRequest): Promise<TableOfContents> {
  const { session, workFolder, encoding, untouched } = request;
  const file = path.join(workFolder, `schema-${randomBytes(6).toString('hex')}`);
  const excluded = canSelect(session.tools.major, untouched, encoding) ? untouched : [];
  await using filter = await dumpFilter(
    excluded.map((parts) => ({ parts, option: 'exclude-table' })),
    request,
  );
  try {
    // pg_dump would create it for others to read.
    await writeFile(file, '', { mode: 0o600, flag: 'wx' });
    const words = ['--format=custom', '--schema-only', `--file=${file}`, ...sharedArguments(request)];
    await runDump(request, [...words, ...filter.args]);
    return await readTableOfContents(file, session.signal);
  } finally {
    await rm(file, { force: true });
  }
}
