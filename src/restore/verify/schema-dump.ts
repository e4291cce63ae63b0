import { IncomingContents } from '../../archive/toc/incoming-contents.ts';
import type { TableOfContents } from '../../archive/toc/table-of-contents.ts';
import { canSelect, dumpFilter } from './dump-filter.ts';
import { runDump, sharedArguments } from './verification-dump.ts';
import type { VerificationRequest } from './verification-request.ts';

/** Which database, with what, and which of its relations are none of the restore's business. */
export type SchemaDumpRequest = Pick<VerificationRequest, 'session' | 'workFolder' | 'encoding' | 'role'> & {
  readonly untouched: readonly (readonly string[])[];
};

/**
 * Dumps the definitions of the target, with owners and privileges, and reads what `pg_dump` says of them. Relations that
 * the restore has not touched are left out: the user may not be allowed to lock them. No
 * file is written: on a full disk, `pg_dump` wrote a part of one and ended well.
 *
 * @throws UserError when `pg_dump` fails or its connection stops responding; the signal's reason when it was aborted.
 */
export async function dumpSchema(request: SchemaDumpRequest): Promise<TableOfContents> {
  const { session, encoding, untouched } = request;
  const excluded = canSelect(session.tools.major, untouched, encoding) ? untouched : [];
  await using filter = await dumpFilter(
    excluded.map((parts) => ({ parts, option: 'exclude-table' })),
    request,
  );
  const incoming = new IncomingContents();
  let contents: TableOfContents | undefined;
  const words = ['--format=custom', '--schema-only', ...sharedArguments(request), ...filter.args];
  await runDump(request, words, (chunk) => {
    contents ??= incoming.add(chunk);
  });
  return contents ?? incoming.end();
}
