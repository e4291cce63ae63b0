import { qualified, quotedIdentifier } from '../../postgres/sql-text.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { identityOf } from '../../archive/toc/identity.ts';
import { nameKey } from '../../archive/names.ts';
import { displayName } from '../../archive/toc/entry-names.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';
import type { Collisions } from './guard.ts';
import { type Omission, groupedBy } from './omission.ts';
import type { PlannedPrivileges } from './plan-privileges.ts';
import type { Attached, TargetFacts } from './target.ts';

/** What a restore would drop with the objects that it replaces, and the archive does not contain. */
export interface LossPlan {
  readonly omissions: readonly Omission[];
  /** Statements that add tables to their publications again, for the end of the restore. */
  readonly statements: readonly string[];
  /** The memberships that those restore: `public.orders (shop)`. */
  readonly rejoined: readonly string[];
}

/** How the log calls what is lost, and whether the database works differently without it. */
const KINDS: Readonly<Record<string, { readonly what: string; readonly level: Omission['level'] }>> = {
  comment: { what: 'comment on', level: 'info' },
  parent: { what: 'attachment to its parent of', level: 'warning' },
  publication: { what: 'membership in a publication of', level: 'warning' },
  'security label': { what: 'security label on', level: 'warning' },
  setting: { what: 'setting of', level: 'warning' },
  'statistics object': { what: 'statistics object', level: 'info' },
  subscription: { what: 'membership in a subscription of', level: 'warning' },
  'table constraint': { what: 'constraint', level: 'warning' },
};

const WHY = 'the target has it on an object that is replaced, and the backup does not contain it';

/** What the planner of losses has to know. */
export interface LossRequest {
  /** What is restored. */
  readonly kept: readonly TocEntry[];
  readonly collisions: Collisions;
  readonly index: TocIndex;
  readonly privileges: readonly PlannedPrivileges[];
  readonly target: Pick<TargetFacts, 'attached'>;
}

/** Decides what of the things attached to replaced objects is restored by the archive, added again, or lost and named. */
export function planLosses(request: LossRequest): LossPlan {
  const { collisions, target } = request;
  const replaced = new Map(collisions.entries.map((entry) => [identityOf(entry), entry]));
  const isReplaced = (publication: string): boolean => replaced.has(nameKey('PUBLICATION', '', publication));
  const lost: Attached[] = [];
  const rejoined: Attached[] = [];
  const restored = restoredBy(request);
  for (const item of target.attached) {
    const entry = replaced.get(item.to);
    const goes = entry !== undefined || (item.kind === 'publication' && isReplaced(item.name));
    if (!goes || isRestored(item, entry, restored)) continue;
    const mayRejoin = item.kind === 'publication' && item.detail !== '' && !isReplaced(item.name);
    (mayRejoin ? rejoined : lost).push(item);
  }
  return {
    omissions: [...lostPrivileges(lost), ...lostParts(lost)],
    statements: rejoined.map(
      ({ name, schema, object, detail }) =>
        `ALTER PUBLICATION ${quotedIdentifier(name)} ADD TABLE ONLY ${qualified(schema, object)}${detail.trimEnd()}`,
    ),
    rejoined: rejoined.map(describeAttached),
  };
}

/** What the archive restores, for look-ups: a database may have a hundred thousand of each. */
interface Restored {
  readonly index: TocIndex;
  readonly entries: ReadonlySet<TocEntry>;
  /** Memberships in publications, by schema and tag. */
  readonly members: ReadonlySet<string>;
  readonly privileges: ReadonlyMap<TocEntry | undefined, readonly PlannedPrivileges[]>;
}

function restoredBy({ kept, index, privileges }: LossRequest): Restored {
  return {
    index,
    entries: new Set(kept),
    members: new Set(
      kept.flatMap(({ kind, schema, tag }) => (kind === 'PUBLICATION TABLE' ? [nameKey(schema, tag)] : [])),
    ),
    privileges: Map.groupBy(privileges, ({ entry }) => index.ownerOf(entry)),
  };
}

function isRestored(
  { kind, name, schema, object, detail }: Attached,
  entry: TocEntry | undefined,
  { index, entries, members, privileges }: Restored,
): boolean {
  if (kind === 'publication') {
    return members.has(nameKey(schema, `${name} ${object}`));
  }
  if (entry === undefined) return false;
  const parts = index.partsOf(entry).filter((part) => entries.has(part));
  const partOf = (...kinds: readonly string[]): readonly TocEntry[] =>
    parts.filter((part) => kinds.includes(part.kind));
  const definitions = [entry, ...parts].map(({ definition }) => definition);
  switch (kind) {
    case 'privilege':
      return isGranted({ role: name, privilege: detail }, privileges.get(entry) ?? []);
    case 'comment':
      return describes(partOf('COMMENT'), name);
    case 'security label':
      return describes(partOf('SECURITY LABEL'), name);
    case 'setting':
      return name === 'ENABLE ROW LEVEL SECURITY'
        ? partOf('ROW SECURITY').length > 0
        : definitions.some((definition) => definition.includes(detail));
    case 'parent':
      return partOf('TABLE ATTACH').length > 0 || entry.definition.includes('\nINHERITS (');
    case 'table constraint':
      return (
        parts.some(({ tag }) => tag === `${object} ${name}`) ||
        [name, quotedIdentifier(name)].some((text) => entry.definition.includes(`CONSTRAINT ${text} `))
      );
    default:
      return parts.some(
        (part) =>
          part.kind === ARCHIVE_KINDS[kind] && (part.tag === name || part.tag === `${object} ${name}`),
      );
  }
}

const ARCHIVE_KINDS: Readonly<Record<string, string>> = {
  index: 'INDEX',
  policy: 'POLICY',
  rule: 'RULE',
  'statistics object': 'STATISTICS',
  trigger: 'TRIGGER',
};

/** Whether one of the comments or labels is about the column, or about the object itself where the column is empty. */
function describes(entries: readonly TocEntry[], column: string): boolean {
  return entries.some(({ tag }) => {
    if (!tag.startsWith('COLUMN ')) return column === '';
    return column !== '' && (tag.endsWith(`.${column}`) || tag.endsWith(`.${quotedIdentifier(column)}`));
  });
}

function isGranted(
  { role, privilege }: { readonly role: string; readonly privilege: string },
  privileges: readonly PlannedPrivileges[],
): boolean {
  const column = privilege.endsWith(')') ? privilege.slice(privilege.indexOf('(')) : '';
  return privileges.some(({ applied }) =>
    applied.some(
      ({ action, grantee, privileges: granted }) =>
        action === 'GRANT' &&
        (grantee ?? '') === role &&
        granted.split(',').some((one) => one === privilege || one === 'ALL' || one === `ALL${column}`),
    ),
  );
}

function lostPrivileges(lost: readonly Attached[]): Omission[] {
  const privileges = lost.filter(({ kind }) => kind === 'privilege');
  return groupedBy(privileges, ({ name }) => name).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const objects = groupedBy(group, ({ to }) => to).map(
      (items) => `${describeObject(items[0] ?? first)} (${items.map(({ detail }) => detail).join(', ')})`,
    );
    return [
      {
        what: `privileges of ${first.name === '' ? 'PUBLIC' : plainLine(first.name)} on`,
        names: objects,
        why: WHY,
        level: 'warning' as const,
        dropped: true,
      },
    ];
  });
}

function lostParts(lost: readonly Attached[]): Omission[] {
  const parts = lost.filter(({ kind }) => kind !== 'privilege');
  return groupedBy(parts, ({ kind }) => kind).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { what, level } = KINDS[first.kind] ?? { what: first.kind, level: 'warning' as const };
    return [{ what, names: group.map(describeAttached), why: WHY, level, dropped: true }];
  });
}

function describeAttached(item: Attached): string {
  const object = describeObject(item);
  if (item.name === '') return object;
  if (item.kind === 'comment' || item.kind === 'security label') return `${object}.${plainLine(item.name)}`;
  const isNamedAlone = item.kind === 'table constraint' || Object.hasOwn(ARCHIVE_KINDS, item.kind);
  return isNamedAlone ? `${object} ${plainLine(item.name)}` : `${object} (${plainLine(item.name)})`;
}

function describeObject({ schema, object }: Attached): string {
  return displayName({ kind: '', schema, tag: object });
}
