import { plainLine } from '../../runner/plain-text.ts';
import { count, someOf } from '../../runner/format.ts';
import { displayKind, displayName } from '../../archive/toc/entry-names.ts';
import { SqlReader } from '../../archive/toc/sql-words.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';
import { UserError } from '../../errors.ts';
import { type Omission, groupedBy } from './omission.ts';
import type { OwnedEntry } from './plan-owners.ts';
import type { PlannedPrivileges } from './plan-privileges.ts';
import type { PlanRequest } from './plan-request.ts';
import { granteesByDefault } from './default-privileges.ts';
import type { TargetFacts } from './target.ts';
import { type PrivilegeStatement, privilegeStatements } from '../../archive/toc/privileges.ts';

/** What runs with the rights of its owner, whoever uses it. */
type RunsAsOwner = 'SECURITY DEFINER' | 'view' | 'rules';

/** Something that runs with another owner's rights after the restore, and that others can use. */
interface Gain {
  readonly owned: OwnedEntry;
  readonly by: RunsAsOwner;
}

/**
 * What would do more for others than it did: it runs with the rights of its owner, who is another one after the restore.
 *
 * @returns warnings that name it.
 * @throws UserError when the new owner is a superuser and the user has not said that this is meant.
 */
export function changedOwnerRights(
  owned: readonly OwnedEntry[],
  privileges: readonly PlannedPrivileges[],
  index: TocIndex,
  { target, options }: PlanRequest,
): Omission[] {
  const users = new Users(owned, privileges, index);
  const gains = owned.flatMap((item): Gain[] => {
    const by = item.why === undefined ? undefined : runsAsOwner(item.entry, index);
    // The rights of a superuser can only become fewer.
    if (by === undefined || target.superusers.has(item.entry.owner)) return [];
    const isOpen = users.areOthers(item);
    const isOpened = options.noPrivileges && newUsers(item.entry, index, target).length > 0;
    return isOpen || isOpened ? [{ owned: item, by }] : [];
  });
  if (target.isSuperuser && !options.noOwner && gains.length > 0) throw refused(gains, target.user);
  return groupedBy(gains, ({ owned: { entry, why }, by }) =>
    [entry.kind, entry.owner, by, why].join('\0'),
  ).flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [warning(first, group)];
  });
}

/** Something that runs with its owner's rights, and who can use it after the restore and could not before. */
interface Opened {
  readonly owned: OwnedEntry;
  readonly by: RunsAsOwner;
  readonly to: readonly string[];
}

/**
 * What others can use after the restore who could not before, with its owner's rights, because no privileges are restored:
 * PUBLIC may execute every function, and the target's default privileges are in force.
 *
 * @returns warnings that name it.
 * @throws UserError when these are the rights of a superuser, and the user has not said that this is meant.
 */
export function openedToOthers(
  owned: readonly OwnedEntry[],
  index: TocIndex,
  { target, options }: PlanRequest,
): Omission[] {
  if (!options.noPrivileges) return [];
  const opened = owned.flatMap((item): Opened[] => {
    const by = runsAsOwner(item.entry, index);
    const to = by === undefined ? [] : newUsers(item.entry, index, target);
    return by === undefined || to.length === 0 ? [] : [{ owned: item, by, to }];
  });
  const ofSuperusers = opened.filter(({ owned: { owner } }) => target.superusers.has(owner));
  if (ofSuperusers.length > 0 && !options.noOwner) throw refusedOpened(ofSuperusers);
  return groupedBy(opened, ({ owned: { entry }, by, to }) => [entry.kind, by, ...to].join('\0')).flatMap(
    (group) => {
      const [first] = group;
      if (first === undefined) return [];
      const why = `${someOf(first.to)} can use it now, and ${REASONS[first.by]}: the backup does not allow that, and no-privileges is true`;
      const names = group.map(({ owned: { entry } }) => displayName(entry));
      const what = `privileges on the ${displayKind(first.owned.entry)}`;
      const silentWhy = `others can use it now, and ${REASONS[first.by]}: the backup does not allow that, and no-privileges is true`;
      const silent = { why: silentWhy, isAboutRights: true };
      return [{ what, names, why, level: 'warning' as const, changed: true, silent }];
    },
  );
}

function newUsers(entry: TocEntry, index: TocIndex, target: TargetFacts): string[] {
  const statements = index
    .partsOf(entry)
    .flatMap(({ kind, definition }) => (kind === 'ACL' ? (privilegeStatements(definition) ?? []) : []));
  const before = new Set(
    statements.flatMap(({ action, grantee = '' }) => (action === 'GRANT' ? [grantee] : [])),
  );
  const isRoutine = entry.kind === 'FUNCTION' || entry.kind === 'PROCEDURE';
  if (isRoutine) {
    const isClosed = statements.some(({ action, grantee }) => action === 'REVOKE' && grantee === undefined);
    return isClosed ? ['PUBLIC'] : [];
  }
  const given = granteesByDefault(entry, target) ?? [];
  return given.filter((role) => !before.has(role)).map((role) => (role === '' ? 'PUBLIC' : plainLine(role)));
}

function refusedOpened(opened: readonly Opened[]): UserError {
  const [first] = opened;
  const owner = plainLine(first?.owned.owner ?? '');
  const users = [...new Set(opened.flatMap(({ to }) => to))];
  const named = someOf(
    opened.map(({ owned: { entry } }) => `the ${displayKind(entry)} ${displayName(entry)}`),
  );
  return new UserError(
    'restore-refused',
    `${someOf(users)} could use the rights of the superuser ${owner}: without the privileges in the backup, which prevent this, they can use ${named}.`,
    'Remove "no-privileges: true"; if this is intended, set "no-owner: true" as well. Nothing was changed.',
    {
      silent: {
        message: `Others could use the rights of a superuser: without the privileges in the backup, which prevent this, they can use ${count(opened.length, 'object')}.`,
      },
    },
  );
}

/** Whether a routine runs with the rights of its owner. */
export function isSecurityDefiner({ kind, definition }: TocEntry): boolean {
  if (kind !== 'FUNCTION' && kind !== 'PROCEDURE') return false;
  const reader = new SqlReader(definition);
  while (reader.skipTo('SECURITY') !== undefined) if (reader.accept('DEFINER')) return true;
  return false;
}

function runsAsOwner(entry: TocEntry, index: TocIndex): RunsAsOwner | undefined {
  if (isSecurityDefiner(entry)) return 'SECURITY DEFINER';
  // A materialized view contains what its owner sees when it is refreshed.
  if (entry.kind === 'MATERIALIZED VIEW') return 'view';
  if (entry.kind === 'VIEW') return isSecurityInvoker(entry.definition) ? undefined : 'view';
  const hasRules = entry.kind === 'TABLE' && index.partsOf(entry).some(({ kind }) => kind === 'RULE');
  return hasRules ? 'rules' : undefined;
}

/** `CREATE VIEW name WITH (security_invoker='true') AS`: options stand before the query. */
export function isSecurityInvoker(definition: string): boolean {
  const reader = new SqlReader(definition);
  if (!reader.accept('CREATE') || (reader.accept('OR') && !reader.accept('REPLACE'))) return false;
  if (!reader.accept('VIEW')) return false;
  reader.qualifiedName();
  if (!reader.accept('WITH')) return false;
  const options = definition.slice(reader.lastAt, reader.at);
  return reader.accept('AS') && /\bsecurity_invoker='?(?:true|on|yes|1)'?/i.test(options);
}

/** Kinds of which PUBLIC has EXECUTE from the beginning. */
const ROUTINES: ReadonlySet<string> = new Set(['FUNCTION', 'PROCEDURE', 'AGGREGATE']);

/** Kinds that call their functions without asking whether their user may execute them; aggregates ask for their owner. */
const CALLERS: ReadonlySet<string> = new Set(['AGGREGATE', 'OPERATOR CLASS', 'OPERATOR FAMILY', 'TYPE']);

/** Who can use what after the restore. */
class Users {
  readonly #applied = new Map<TocEntry | undefined, PrivilegeStatement[]>();
  readonly #callers = new Map<TocEntry, OwnedEntry[]>();

  constructor(owned: readonly OwnedEntry[], privileges: readonly PlannedPrivileges[], index: TocIndex) {
    for (const { entry, applied } of privileges) append(this.#applied, index.ownerOf(entry), applied);
    for (const caller of owned.filter(({ entry }) => CALLERS.has(entry.kind))) {
      for (const called of index.dependenciesOf(caller.entry)) append(this.#callers, called, [caller]);
    }
  }

  /** Whether another role than its owner can use it. */
  areOthers({ entry, owner }: OwnedEntry): boolean {
    const statements = this.#applied.get(entry) ?? [];
    const isGranted = statements.some(({ action, grantee }) => action === 'GRANT' && grantee !== owner);
    if (isGranted || !ROUTINES.has(entry.kind)) return isGranted;
    // Whoever writes to a table runs its triggers.
    if (/\bRETURNS (?:event_)?trigger\b/i.test(entry.definition)) return true;
    const isClosed = statements.some(({ action, grantee }) => action === 'REVOKE' && grantee === undefined);
    return !isClosed || (this.#callers.get(entry) ?? []).some((caller) => this.#isOpen(caller));
  }

  #isOpen(caller: OwnedEntry): boolean {
    return caller.entry.kind !== 'AGGREGATE' || this.areOthers(caller);
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, values: readonly V[]): void {
  const present = map.get(key) ?? [];
  for (const value of values) present.push(value);
  map.set(key, present);
}

const REASONS: Readonly<Record<RunsAsOwner, string>> = {
  'SECURITY DEFINER': 'it runs with the rights of its owner (SECURITY DEFINER)',
  view: 'it reads with the rights of its owner',
  rules: 'its rules run with the rights of its owner',
};

function warning({ owned: { entry, owner, why }, by }: Gain, group: readonly Gain[]): Omission {
  const [now, before] = [plainLine(owner), plainLine(entry.owner)];
  return {
    what: `owner of the ${displayKind(entry)}`,
    names: group.map((gain) => displayName(gain.owned.entry)),
    why: `${REASONS[by]}, and others can use it: these are now the rights of ${now}, not of ${before} (${why ?? ''})`,
    level: 'warning',
    changed: true,
    silent: {
      why: `${REASONS[by]}, who is another one now, and others can use it`,
      isAboutRights: true,
    },
  };
}

function refused(gains: readonly Gain[], user: string): UserError {
  const owners = [...new Set(gains.map(({ owned }) => owned.entry.owner))];
  const named = someOf(
    gains.map(({ owned: { entry } }) => `the ${displayKind(entry)} ${displayName(entry)}`),
  );
  const reasons = [...new Set(gains.map(({ owned: { why } }) => why ?? ''))].join('; ');
  return new UserError(
    'restore-refused',
    `Others could use the rights of the superuser ${plainLine(user)}: ${named} would run with them, instead of those of ${someOf(owners.map(plainLine))} (${reasons}).`,
    `Create the missing roles first (CREATE ROLE name NOLOGIN;), or restore as a role with fewer rights; if this is intended, set "no-owner: true". Nothing was changed.`,
    {
      silent: {
        message: `Others could use the rights of the superuser who restores: ${count(gains.length, 'object')} would run with them, instead of those of their owners.`,
      },
    },
  );
}
