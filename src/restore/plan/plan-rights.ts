import { quotedIdentifier } from '../../postgres/sql-text.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';
import { undoDefaultPrivileges } from './default-privileges.ts';
import type { Omission } from './omission.ts';
import { changedOwnerRights, openedToOthers } from './owner-rights.ts';
import { type OwnedEntry, changedOwners, ownerStatements, planOwners } from './plan-owners.ts';
import { guestStatements, planGrantors } from './plan-grantors.ts';
import {
  type PlannedPrivileges,
  isAboutPrivileges,
  omittedPrivileges,
  planPrivileges,
  privilegeScript,
} from './plan-privileges.ts';
import { type PolicyPlan, planPolicies } from './plan-policies.ts';
import type { PlanRequest } from './plan-request.ts';

/** How owners and privileges are restored. */
export interface RightsPlan {
  /** What of the entries `pg_restore` restores; the rest is done by the statements. */
  readonly entries: readonly TocEntry[];
  /** Whether `pg_restore` leaves everything to the role that restores. */
  readonly noOwner: boolean;
  /** Statements for as soon as the objects are there, where their rows come in other transactions. */
  readonly closing: readonly string[];
  /** Statements for the end. */
  readonly last: readonly string[];
  /** The policies that have another definition than in the archive; the statements create them. */
  readonly restated: PolicyPlan['restated'];
  readonly omissions: readonly Omission[];
  readonly owned: readonly OwnedEntry[];
  readonly privileges: readonly PlannedPrivileges[];
}

/**
 * Decides who owns what after the restore, and who may do what with it. `pg_restore` does it where it can do it all, or
 * none of it; else statements of our own do, in the transaction of the restore and in its order: owners, privileges, and
 * only then what must see them, as the query of a materialized view.
 *
 * @throws UserError when somebody would gain the rights of a superuser by it, or the archive cannot be understood.
 */
export function planRights(entries: readonly TocEntry[], index: TocIndex, request: PlanRequest): RightsPlan {
  const { target, options } = request;
  const { restated, omissions } = planPolicies(entries, target);
  const owned = planOwners(entries, request);
  const privileges = options.noPrivileges
    ? []
    : planGrantors(planPrivileges(entries, index, request), { index, owned, target });
  const undone = options.noPrivileges ? [] : entries;
  const undo = undoDefaultPrivileges(undone, target);
  const given = owned.some(({ owner }) => owner !== target.user);
  const isChanged = options.noOwner || owned.some(({ why }) => why !== undefined);
  const ownOwners = given && (isChanged || !target.isSuperuser || undo.length > 0);
  const early = undone.filter(({ section }) => section === 'pre-data');
  const closing =
    options.jobs === undefined
      ? []
      : [...undoDefaultPrivileges(early, target), ...privileges.flatMap(revokedFromPublic)];
  const ownPrivileges =
    ownOwners ||
    undo.length > 0 ||
    closing.length > 0 ||
    restated.size > 0 ||
    privileges.some(({ asItIs, applied }) => !asItIs && applied.length > 0);
  const asTheyAre = new Set(privileges.filter(({ asItIs }) => asItIs).map(({ entry }) => entry));
  const late = new Set(ownPrivileges ? entries.filter((entry) => isLate(entry, index, restated)) : []);
  return {
    entries: entries.filter((entry) =>
      isAboutPrivileges(entry)
        ? !ownPrivileges && asTheyAre.has(entry)
        : !late.has(entry) && !restated.has(entry),
    ),
    noOwner: isChanged || ownOwners,
    closing: actingAs(options.role, closing),
    last: ownPrivileges
      ? actingAs(
          options.role,
          lastStatements({ owned: ownOwners ? owned : [], privileges, undo, restated, late }, request),
        )
      : [],
    restated,
    omissions: [
      ...omissions,
      ...changedOwners(owned, request),
      ...omittedPrivileges(privileges),
      ...(options.forTest
        ? []
        : [
            ...changedOwnerRights(owned, privileges, index, request),
            ...openedToOthers(owned, index, request),
          ]),
    ],
    owned,
    privileges,
  };
}

interface OwnStatements {
  readonly owned: readonly OwnedEntry[];
  readonly privileges: readonly PlannedPrivileges[];
  readonly undo: readonly string[];
  readonly restated: PolicyPlan['restated'];
  readonly late: ReadonlySet<TocEntry>;
}

function lastStatements(
  { owned, privileges, undo, restated, late }: OwnStatements,
  request: PlanRequest,
): string[] {
  const guests = guestStatements(privileges);
  const isLateObject = ({ entry }: OwnedEntry): boolean => late.has(entry);
  return [
    ...undo,
    // Before anybody is granted anything.
    ...Array.from(restated.values(), withoutSemicolon),
    ...ownerStatements(
      owned.filter((item) => !isLateObject(item)),
      request,
    ),
    ...guests.before,
    ...privilegeScript(privileges, request.options.role),
    ...guests.after,
    ...Array.from(late, ({ definition }) => withoutSemicolon(definition)),
    ...ownerStatements(owned.filter(isLateObject), request),
  ];
}

function withoutSemicolon(definition: string): string {
  return definition.trim().replace(/;$/, '');
}

/** The statements, run as the role that `pg_restore` acts as. */
export function actingAs(role: string | undefined, statements: readonly string[]): readonly string[] {
  return role === undefined || statements.length === 0
    ? statements
    : [`SET ROLE ${quotedIdentifier(role)}`, ...statements];
}

/**
 * What `pg_restore` restores after all privileges (`_tocEntryRestorePass` in pg_backup_archiver.c): the rows of
 * materialized views, which need them, and event triggers, which would fire for everything before them; and what is said of
 * policies that are restored with the privileges.
 */
function isLate(entry: TocEntry, index: TocIndex, restated: PolicyPlan['restated']): boolean {
  const { kind, tag } = entry;
  if (kind === 'EVENT TRIGGER' || kind === 'MATERIALIZED VIEW DATA') return true;
  const home = index.ownerOf(entry);
  if (home !== undefined && restated.has(home)) return true;
  if (kind === 'COMMENT' || kind === 'SECURITY LABEL') return tag.startsWith('EVENT TRIGGER ');
  return (
    kind === 'STATISTICS DATA' &&
    index.dependenciesOf(entry).some((needed) => needed.kind === 'MATERIALIZED VIEW DATA')
  );
}

function revokedFromPublic({ entry, applied }: PlannedPrivileges): string[] {
  if (entry.kind !== 'ACL') return [];
  return applied.flatMap(({ action, grantee, grantor, sql }) =>
    action === 'REVOKE' && grantee === undefined && grantor === undefined ? [sql] : [],
  );
}
