import { count, someOf } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';

/** What a restore leaves out, changes, or drops with what it replaces, for one reason. */
export interface Omission {
  /** The kind of thing: `foreign key`, `privileges of`. */
  readonly what: string;
  readonly names: readonly string[];
  readonly why: string;
  /** `warning` when the restored database works differently because of it. */
  readonly level: 'info' | 'warning';
  /** Whether it is restored, and not as it was. */
  readonly changed?: boolean;
  /** Whether the target has it and loses it. */
  readonly dropped?: boolean;
  /** SQL with which the user can set it. */
  readonly statements?: readonly string[];
  /** What is said instead where no content may show; {@link withoutNames}. */
  readonly silent?: {
    readonly what?: string;
    readonly why?: string;
    /** Whether others get rights by it: then it is said how many objects these are. */
    readonly isAboutRights?: boolean;
  };
}

/** The same where no content may show: without a name, and without a reason that may contain one. */
export function withoutNames(omission: Omission): Omission {
  const { what, names, silent = {} } = omission;
  return {
    ...omission,
    statements: [],
    what: silent.what ?? what,
    names: [silent.isAboutRights === true ? count(names.length, 'object') : '(not named here)'],
    why: silent.why ?? 'the reason is not shown here',
  };
}

/** What happens to it: for the plan, and for a warning. */
export function verbOf({ changed, dropped }: Omission): { readonly plan: string; readonly warning: string } {
  if (dropped === true) return { plan: 'drop', warning: 'Dropped' };
  return changed === true
    ? { plan: 'change', warning: 'Changed' }
    : { plan: 'leave out', warning: 'Left out' };
}

/** `foreign key public.orders orders_user_fkey`; of many names, some. */
export function describeOmission({ what, names }: Pick<Omission, 'what' | 'names'>): string {
  return `${what} ${someOf(names.map(plainLine))}`;
}

/** Puts what has the same key together, in the order of the first of each. */
export function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  return [...Map.groupBy(items, keyOf).values()];
}
