import { IncomingContents } from '../../archive/toc/incoming-contents.ts';
import type { TableOfContents, TocEntry } from '../../archive/toc/table-of-contents.ts';
import { nameKey } from '../../archive/names.ts';
import { canSelect, dumpFilter } from './dump-filter.ts';
import { groupsOf, withinLocks } from './lock-budget.ts';
import { runDump, sharedArguments } from './verification-dump.ts';
import type { VerificationRequest } from './verification-request.ts';

/** Which database, with what, and which of its relations are none of the restore's business. */
export type SchemaDumpRequest = Pick<VerificationRequest, 'session' | 'workFolder' | 'encoding' | 'role'> & {
  readonly untouched: readonly (readonly string[])[];
};

/** What `pg_dump` locks. */
const TABLES_SQL = `
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';`;

/**
 * Dumps the definitions of the target, with owners and privileges, and reads what `pg_dump` says of them. Relations that
 * the restore has not touched are left out: the user may not be allowed to lock them. No
 * file is written: on a full disk, `pg_dump` wrote a part of one and ended well.
 *
 * @throws UserError when `pg_dump` fails or its connection stops responding; the signal's reason when it was aborted.
 */
export async function dumpSchema(request: SchemaDumpRequest): Promise<TableOfContents> {
  const { session, encoding, untouched } = request;
  const isNameable = (all: readonly (readonly string[])[]): boolean =>
    canSelect(session.tools.major, all, encoding);
  const excluded = isNameable(untouched) ? untouched : [];
  return withinLocks(
    session,
    () => dumpWithout(request, excluded),
    async (atOnce) => {
      const left = new Set(excluded.map((parts) => nameKey(...parts)));
      const tables = (await session.query(TABLES_SQL, 2)).filter((parts) => !left.has(nameKey(...parts)));
      if (!isNameable(tables)) return dumpWithout(request, excluded);
      const parts: TableOfContents[] = [];
      for (const group of groupsOf(tables, atOnce)) {
        const others = tables.filter((table) => !group.includes(table));
        parts.push(await dumpWithout(request, [...excluded, ...others]));
      }
      return merged(parts);
    },
  );
}

async function dumpWithout(
  request: SchemaDumpRequest,
  excluded: readonly (readonly string[])[],
): Promise<TableOfContents> {
  await using filter = await dumpFilter(
    excluded.map((parts) => ({ parts, option: 'exclude-table' })),
    request,
  );
  const incoming = new IncomingContents();
  let contents: TableOfContents | undefined;
  // Even so, pg_dump reads the sequences that an extension marks as its configuration.
  const noData = ['--schema-only', '--exclude-table-data=*.*'];
  const words = ['--format=custom', ...noData, ...sharedArguments(request), ...filter.args];
  await runDump(request, words, (chunk) => {
    contents ??= incoming.add(chunk);
  });
  return contents ?? incoming.end();
}

/** Several dumps as one: each has some of the tables, and everything that is no table. */
function merged([first, ...others]: readonly TableOfContents[]): TableOfContents {
  if (first === undefined) throw new Error('There is no dump.');
  const entries = new Map(first.entries.map((entry) => [keyOf(entry), entry]));
  for (const { entries: more } of others) {
    const taken = [...entries.values()].reduce((most, { dumpId }) => Math.max(most, dumpId), 0);
    // What both have keeps the number that it has, and everything that is new refers to that.
    const ids = new Map(
      more.map((entry) => [entry.dumpId, entries.get(keyOf(entry))?.dumpId ?? taken + entry.dumpId]),
    );
    for (const entry of more) {
      if (entries.has(keyOf(entry))) continue;
      const dependencies = entry.dependencies.map((id) => ids.get(id) ?? taken + id);
      entries.set(keyOf(entry), { ...entry, dumpId: taken + entry.dumpId, dependencies });
    }
  }
  return { ...first, entries: [...entries.values()] };
}

function keyOf({ catalogOid, oid, kind, schema, tag, sha256 }: TocEntry): string {
  return nameKey(String(catalogOid), String(oid), kind, schema, tag, sha256);
}
