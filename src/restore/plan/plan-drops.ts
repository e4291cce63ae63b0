import { quotedIdentifier } from '../../postgres/sql-text.ts';
import { dropBlock } from './drop-block.ts';
import type { Collisions } from './guard.ts';
import { identityOf } from '../../archive/toc/identity.ts';
import { nameKey } from '../../archive/names.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TargetFacts, TargetRelation } from './target.ts';
import { isRelation } from '../../archive/toc/toc-index.ts';

/** What is dropped with the tables that are replaced: their partitions and sequences, whether they are restored or not. */
export function droppedWith({ entries }: Collisions, { relations }: TargetFacts): readonly TargetRelation[] {
  const replaced = new Set(entries.filter(isRelation).map(identityOf));
  const dropped = new Set(
    relations.flatMap(({ schema, name, oid }) =>
      replaced.has(nameKey('relation', schema, name)) ? [oid] : [],
    ),
  );
  const isPart = ({ partOf, oid }: TargetRelation): boolean =>
    partOf !== undefined && dropped.has(partOf) && !dropped.has(oid);
  const parts: TargetRelation[] = [];
  // Partitions have partitions: a round for each level.
  for (let found = relations.filter(isPart); found.length > 0; found = relations.filter(isPart)) {
    parts.push(...found);
    for (const { oid } of found) dropped.add(oid);
  }
  return parts;
}

/**
 * SQL that drops what is in the way, for the transaction of the restore: one `DO` block, or nothing.
 *
 * `pg_restore --clean` does not do: it stops at "cannot drop inherited constraint" for partitions with primary keys, and
 * at everything that the archive has and the target has not (`DROP DEFAULT` of a new column, `CREATE OR REPLACE VIEW` of
 * other columns or with a new type). Here only what is there is dropped, as a whole: what nobody has chosen stays, or ends
 * the restore with the server's own error. What waits for something else is tried again, and where things need each
 * other, the parts by which they do are dropped first.
 */
export function dropScript({ entries, largeObjects }: Collisions, { addresses }: TargetFacts): string {
  const drops = [
    ...entries.toReversed().map((entry) => ({
      statement: dropStatement(entry),
      address: addresses.get(identityOf(entry) ?? ''),
    })),
    ...largeObjects.map((oid) => ({ statement: `SELECT pg_catalog.lo_unlink(${oid})`, address: undefined })),
  ];
  return drops.some(({ statement }) => statement !== '') ? dropBlock(drops) : '';
}

/** Empty where there is none: the sequence of an identity column goes with its table. */
function dropStatement(entry: TocEntry): string {
  const { kind, schema, tag, dropStatement: statement } = entry;
  const start = `DROP ${kind} `;
  // pg_dump drops a type that is read and written by functions of its own with CASCADE, whatever else needs it.
  const sql = statement.trim().replace(/(?: CASCADE)?;$/, '');
  if (!sql.startsWith('DROP ')) return '';
  // Of a relation with rows, exactly the one that the plan names, whatever else the archive says.
  if (isRelation(entry)) return `${start}IF EXISTS ${[schema, tag].map(quotedIdentifier).join('.')}`;
  // A partition or sequence may have gone with its table already.
  return sql.startsWith(start) ? `${start}IF EXISTS ${sql.slice(start.length)}` : sql;
}
