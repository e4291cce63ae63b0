import { UserError } from '../../errors.ts';
import { count, someOf } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { formatCounts, displayName } from '../../archive/toc/entry-names.ts';
import { isRelation } from '../../archive/toc/toc-index.ts';
import type { PlanRequest } from './plan-request.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TargetFacts, TargetRelation } from './target.ts';

/** The catalog of relations, which has the same OID everywhere. */
const PG_CLASS = 1259;

/**
 * Whether the target is the very database that the backup came from: it has the same name, and a relation of the same
 * name and OID, which a restored copy has not. (Two servers that were filled in the same way, step by step, can agree by
 * chance. An origin that was emptied is not recognised: there is nothing left to lose in it.)
 */
export function isOrigin({ contents, target }: PlanRequest): boolean {
  if (contents.database !== target.database) return false;
  const dumped = new Map(
    contents.entries
      .filter((entry) => entry.catalogOid === PG_CLASS && isRelation(entry))
      .map(({ oid, schema, tag }) => [oid, `${schema}\0${tag}`]),
  );
  return target.relations.some(({ oid, schema, name }) => dumped.get(oid) === `${schema}\0${name}`);
}

/** Whether the target contains nothing that could be lost. */
export function isEmpty({ relations, others, largeObjects }: TargetFacts): boolean {
  return relations.length === 0 && others.length === 0 && largeObjects.size === 0;
}

/** What stands in the way of a restore, because the target has something of the same name. */
export interface Collisions {
  readonly entries: readonly TocEntry[];
  /** The numbers of large objects that the archive has too, in decimal digits. */
  readonly largeObjects: readonly string[];
}

/**
 * Refuses to change a target that is not empty, unless the user has named it, and to replace anything in it, unless
 * that was asked for.
 *
 * @throws UserError with what the target contains and what to set.
 */
export function guardTarget({ contents, target, options }: PlanRequest, collisions: Collisions): void {
  const database = plainLine(target.database);
  const { confirmDatabase, clean } = options;
  if (confirmDatabase !== undefined && confirmDatabase !== target.database) {
    throw new UserError(
      'restore-refused',
      `confirm-database is "${plainLine(confirmDatabase)}", but connection-string leads to the database "${database}".`,
      'Correct the one that is wrong. Nothing was changed.',
      { silent: 'same' },
    );
  }
  const origin = isOrigin({ contents, target, options });
  const inTheWay = collisions.entries.length + collisions.largeObjects.length;
  const needsClean = (inTheWay > 0 || origin) && !clean;
  if (confirmDatabase === undefined && (!isEmpty(target) || inTheWay > 0)) {
    const settings = `"confirm-database: ${database}"${needsClean ? ' and "clean: true"' : ''}`;
    throw new UserError(
      'restore-refused',
      `The database "${database}" is not empty: it contains ${describeTarget(target) || describeCollisions(collisions)}.${describeOrigin(origin)}`,
      `Restore into an empty database; or, to restore into this one, set ${settings}${inTheWay > 0 ? ` to replace ${describeCollisions(collisions)}` : ''}.`,
      {
        silent: {
          message: `The database "${database}" is not empty.${describeOrigin(origin)}`,
          hint: `Restore into an empty database; or, to restore into this one, set ${settings}.`,
        },
      },
    );
  }
  if (!needsClean) return;
  if (inTheWay === 0) {
    throw new UserError(
      'restore-refused',
      `The database "${database}" is the one that the backup came from.`,
      'Restore into another database; or, to restore into this one, set "clean: true". Only what you restore is changed.',
      { silent: 'same' },
    );
  }
  throw new UserError(
    'restore-refused',
    `The database "${database}" already contains what would be restored: ${describeCollisions(collisions)}.${describeOrigin(origin)}`,
    'Set "clean: true" to replace it with what is in the backup; or restore into an empty database.',
    {
      silent: {
        message: `The database "${database}" already contains what would be restored.${describeOrigin(origin)}`,
      },
    },
  );
}

function describeOrigin(origin: boolean): string {
  return origin ? ' The backup came from this database.' : '';
}

function describeTarget({ relations, others, largeObjects }: TargetFacts): string {
  const words = relations.length > 0 ? [describeRelations(relations)] : [];
  // Beside tables, they go without saying.
  if (words.length === 0 && others.length > 0) words.push(describeOthers(others));
  if (largeObjects.size > 0) words.push(count(largeObjects.size, 'large object'));
  return words.join(' and ');
}

function describeOthers(others: TargetFacts['others']): string {
  const names = others.map(({ schema, name }) => displayName({ kind: '', schema, tag: name }));
  return `${formatCounts(others.map(({ kind }) => kind.toLowerCase()))} (${someOf(names)})`;
}

function describeRelations(relations: readonly TargetRelation[]): string {
  const named = worthNaming(relations.map(({ kind, schema, name }) => ({ kind, schema, tag: name })));
  return `${formatCounts(named.map(({ kind }) => kind.toLowerCase()))} (${someOf(named.map(displayName))})`;
}

function describeCollisions({ entries, largeObjects }: Collisions): string {
  const relations = worthNaming(entries.filter(isRelation));
  const words = someOf((relations.length > 0 ? relations : entries).map(displayName));
  const others = largeObjects.length > 0 ? [count(largeObjects.length, 'large object')] : [];
  return [...(entries.length > 0 ? [words] : []), ...others].join(' and ');
}

/** Tables first; their sequences go without saying. */
function worthNaming<T extends { readonly kind: string }>(relations: readonly T[]): readonly T[] {
  const tables = relations.filter(({ kind }) => kind === 'TABLE');
  const others = relations.filter(({ kind }) => kind !== 'TABLE' && kind !== 'SEQUENCE');
  const named = [...tables, ...others];
  return named.length > 0 ? named : relations;
}
