import { plainLine } from '../../runner/plain-text.ts';
import { someOf } from '../../runner/format.ts';
import { kindInWords, nameInWords } from '../../archive/toc/entry-names.ts';
import { SqlReader } from '../../archive/toc/sql-words.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';
import { UserError } from '../../errors.ts';
import { type Omission, groupedBy } from './omission.ts';
import type { OwnedEntry } from './plan-owners.ts';
import type { PlannedPrivileges } from './plan-privileges.ts';
import type { PlanRequest } from './plan-request.ts';

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
  const gains = owned.flatMap((item): Gain[] => {
    const by = item.why === undefined ? undefined : runsAsOwner(item.entry, index);
    // The rights of a superuser can only become fewer.
    if (by === undefined || target.superusers.has(item.entry.owner)) return [];
    return isUsedByOthers(item, privileges, index) ? [{ owned: item, by }] : [];
  });
  if (target.isSuperuser && !options.noOwner && gains.length > 0) throw refused(gains, target.user);
  return groupedBy(gains, ({ owned: { entry, why }, by }) =>
    [entry.kind, entry.owner, by, why].join('\0'),
  ).flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [warning(first, group)];
  });
}

/**
 * Functions that run with their owner's rights and that PUBLIC may execute after the restore, which it could not
 * before: the archive takes that from PUBLIC, and no privileges are restored.
 */
export function openedFunctions(
  entries: readonly TocEntry[],
  index: TocIndex,
  { options }: PlanRequest,
): Omission[] {
  if (!options.noPrivileges) return [];
  const opened = entries.filter(
    (entry) =>
      isSecurityDefiner(entry) &&
      index.partsOf(entry).some(({ kind, definition }) => kind === 'ACL' && / FROM PUBLIC;/.test(definition)),
  );
  return groupedBy(opened, kindInWords).map((group) => ({
    what: `privileges on the ${group.map(kindInWords)[0] ?? 'function'}`,
    names: group.map(nameInWords),
    why: "PUBLIC may execute it now, with its owner's rights (SECURITY DEFINER): the backup does not allow that, and no-privileges is true",
    level: 'warning',
    changed: true,
  }));
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

function isUsedByOthers(
  { entry, owner }: OwnedEntry,
  privileges: readonly PlannedPrivileges[],
  index: TocIndex,
): boolean {
  const statements = privileges.flatMap((planned) =>
    index.ownerOf(planned.entry) === entry ? planned.applied : [],
  );
  const granted = statements.some(({ action, grantee }) => action === 'GRANT' && grantee !== owner);
  if (entry.kind !== 'FUNCTION' && entry.kind !== 'PROCEDURE') return granted;
  // Whoever writes to a table runs its triggers.
  if (/\bRETURNS (?:event_)?trigger\b/i.test(entry.definition)) return true;
  const isClosed = statements.some(({ action, grantee }) => action === 'REVOKE' && grantee === undefined);
  return granted || !isClosed;
}

const REASONS: Readonly<Record<RunsAsOwner, string>> = {
  'SECURITY DEFINER': 'it runs with the rights of its owner (SECURITY DEFINER)',
  view: 'it reads with the rights of its owner',
  rules: 'its rules run with the rights of its owner',
};

function warning({ owned: { entry, owner, why }, by }: Gain, group: readonly Gain[]): Omission {
  const [now, before] = [plainLine(owner), plainLine(entry.owner)];
  return {
    what: `owner of the ${kindInWords(entry)}`,
    names: group.map((gain) => nameInWords(gain.owned.entry)),
    why: `${REASONS[by]}, and others can use it: these are now the rights of ${now}, not of ${before} (${why ?? ''})`,
    level: 'warning',
    changed: true,
  };
}

function refused(gains: readonly Gain[], user: string): UserError {
  const owners = [...new Set(gains.map(({ owned }) => owned.entry.owner))];
  const named = someOf(
    gains.map(({ owned: { entry } }) => `the ${kindInWords(entry)} ${nameInWords(entry)}`),
  );
  const reasons = [...new Set(gains.map(({ owned: { why } }) => why ?? ''))].join('; ');
  return new UserError(
    'restore-refused',
    `Others could use the rights of the superuser ${plainLine(user)}: ${named} would run with them, instead of those of ${someOf(owners.map(plainLine))} (${reasons}).`,
    `Create the missing roles first (CREATE ROLE name NOLOGIN;), or restore as a role with fewer rights; if this is meant, set "no-owner: true". Nothing was changed.`,
  );
}
