import { plainLine } from '../../runner/plain-text.ts';
import { displayName } from '../../archive/toc/entry-names.ts';
import { policyForRoles, rolesOfPolicy } from '../../archive/toc/statement-names.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import { type Omission, groupedBy } from './omission.ts';
import type { TargetFacts } from './target.ts';

/** Policies that are restored for some of their roles only. */
export interface PolicyPlan {
  /** The definition of each for the roles that exist. */
  readonly restated: ReadonlyMap<TocEntry, string>;
  readonly omissions: readonly Omission[];
}

/**
 * Restores each policy for those of its roles that exist. Left out because of one role, a restrictive policy would let all
 * others see more rows than before.
 */
export function planPolicies(
  entries: readonly TocEntry[],
  { roles }: Pick<TargetFacts, 'roles'>,
): PolicyPlan {
  const partial = entries.flatMap((entry) => {
    const all = entry.kind === 'POLICY' ? rolesOfPolicy(entry.definition) : [];
    const present = all.filter((role) => roles.has(role));
    const missing = all.filter((role) => !roles.has(role));
    return present.length === 0 || missing.length === 0 ? [] : [{ entry, present, missing }];
  });
  return {
    restated: new Map(
      partial.map(({ entry, present }) => [entry, policyForRoles(entry.definition, present)]),
    ),
    omissions: groupedBy(partial, ({ present, missing }) => [...missing, '', ...present].join('\0')).flatMap(
      (group) => {
        const [first] = group;
        if (first === undefined) return [];
        const why = `${describeMissing(first.missing)}; it is restored for ${plainLine(first.present.join(', '))}`;
        const names = group.map(({ entry }) => displayName(entry));
        return [{ what: 'policy', names, why, level: 'warning' as const, changed: true }];
      },
    ),
  };
}

/** `the role app does not exist on the server`. */
export function describeMissing(roles: readonly string[]): string {
  const [noun, verb] = roles.length === 1 ? ['role', 'does'] : ['roles', 'do'];
  return `the ${noun} ${plainLine(roles.join(', '))} ${verb} not exist on the server`;
}
