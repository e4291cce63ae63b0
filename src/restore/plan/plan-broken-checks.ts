import { displayName } from '../../archive/toc/entry-names.ts';
import { nameKey } from '../../archive/names.ts';
import { notValidCheck, tableChecks, withoutCheck } from '../../archive/toc/table-checks.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { Omission } from './omission.ts';
import type { RestorePlan } from './plan.ts';

/** A CHECK constraint of the target that is not valid. */
export interface BrokenCheck {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  /** Whether the table has it of itself, and not only from its parent. */
  readonly isLocal: boolean;
}

/** The same plan, with what the restore has made of the constraints that the rows break. */
export function withBrokenChecks(plan: RestorePlan, broken: readonly BrokenCheck[]): RestorePlan {
  const brokenOf = Map.groupBy(broken, ({ schema, table }) => nameKey(schema, table));
  const restated = new Map(plan.rights.restated);
  const added: TocEntry[] = [];
  for (const table of plan.deferredChecks) {
    for (const { name, isLocal } of brokenOf.get(nameKey(table.schema, table.tag)) ?? []) {
      const find = (definition: string) => tableChecks(definition).find((check) => check.name === name);
      const definition = restated.get(table) ?? table.definition;
      const [check, original] = [find(definition), find(table.definition)];
      if (check === undefined || original === undefined) continue;
      restated.set(table, withoutCheck(definition, check));
      if (isLocal) added.push(notValidCheck(table, original));
    }
  }
  if (added.length === 0) return plan;
  return {
    ...plan,
    restored: [...plan.restored, ...added],
    rights: { ...plan.rights, restated },
    omissions: [...plan.omissions, notValid(added.map(displayName))],
  };
}

function notValid(names: readonly string[]): Omission {
  return {
    what: 'check constraint',
    names,
    why: 'rows of the backup break it: it is NOT VALID now, and is checked for new rows only',
    level: 'warning',
    changed: true,
    silent: { why: 'rows of the backup break it: it is NOT VALID now, and is checked for new rows only' },
  };
}
