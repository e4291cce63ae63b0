import { literal, quotedIdentifier } from '../../postgres/sql-text.ts';
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
 * other columns or with a new type). Here only what is there is dropped, as a whole, and never with CASCADE: what
 * nobody has chosen stays, or ends the restore with the server's own error. What waits for something else is tried
 * again, and foreign keys go first, because they may go round in circles.
 */
export function dropScript({ entries, largeObjects }: Collisions): string {
  const statements = entries.toReversed().flatMap(dropStatement);
  const unlink = largeObjects.map((oid) => `SELECT pg_catalog.lo_unlink(${oid})`);
  if (statements.length + unlink.length === 0) return '';
  const tables = entries
    .filter(({ kind }) => kind === 'TABLE')
    .map(({ schema, tag }) => literal([schema, tag].map(quotedIdentifier).join('.')));
  return [
    'DO LANGUAGE plpgsql ',
    literal(
      BLOCK.replace('{tables}', () => tables.join(', ')).replace('{statements}', () =>
        [...statements, ...unlink].map(literal).join(',\n'),
      ),
    ),
    ';\n',
  ].join('');
}

const BLOCK = `
DECLARE
  waiting text[] := ARRAY[{statements}]::text[];
  blocked text[];
  statement text;
BEGIN
  FOR statement IN
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::pg_catalog.regclass, c.conname)
    FROM pg_catalog.pg_constraint c
    WHERE c.contype = 'f' AND c.conparentid = 0
      AND c.conrelid = ANY (ARRAY(SELECT pg_catalog.to_regclass(t)::oid FROM pg_catalog.unnest(ARRAY[{tables}]::text[]) t))
  LOOP
    EXECUTE statement;
  END LOOP;
  WHILE cardinality(waiting) > 0 LOOP
    blocked := ARRAY[]::text[];
    FOREACH statement IN ARRAY waiting LOOP
      BEGIN
        EXECUTE statement;
      EXCEPTION WHEN dependent_objects_still_exist THEN
        blocked := blocked || statement;
      END;
    END LOOP;
    IF cardinality(blocked) = cardinality(waiting) THEN
      EXECUTE blocked[1];
    END IF;
    waiting := blocked;
  END LOOP;
END
`;

/** Some have none: the sequence of an identity column goes with its table. */
function dropStatement(entry: TocEntry): string[] {
  const { kind, schema, tag, dropStatement: statement } = entry;
  const start = `DROP ${kind} `;
  const sql = statement.trim().replace(/;$/, '');
  if (!sql.startsWith('DROP ')) return [];
  // Of a relation with rows, exactly the one that the plan names, whatever else the archive says.
  if (isRelation(entry)) return [`${start}IF EXISTS ${[schema, tag].map(quotedIdentifier).join('.')}`];
  // A partition or sequence may have gone with its table already.
  return [sql.startsWith(start) ? `${start}IF EXISTS ${sql.slice(start.length)}` : sql];
}
