import { qualified, quotedIdentifier } from '../../postgres/sql-text.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { identityOf, largeObjectsOf } from '../../archive/toc/identity.ts';
import { nameKey } from '../../archive/names.ts';
import { displayName } from '../../archive/toc/entry-names.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { Collisions } from './guard.ts';
import { type Omission, groupedBy } from './omission.ts';
import type { RestoreOptions } from './plan-request.ts';
import { type RestoredContents, RestoredParts } from './restored-parts.ts';
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
  closed: { what: 'revocation from PUBLIC of the privileges on', level: 'warning' },
  comment: { what: 'comment on', level: 'info' },
  'domain constraint': { what: 'constraint', level: 'warning' },
  'family member': { what: 'member of the operator family', level: 'warning' },
  'index setting': { what: 'setting of the index', level: 'warning' },
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
export interface LossRequest extends RestoredContents {
  readonly collisions: Collisions;
  readonly target: Pick<TargetFacts, 'attached' | 'user'>;
  readonly options: Pick<RestoreOptions, 'noOwner'>;
}

/** Something that is lost, and the entry of the archive that replaces its object. */
interface Lost extends Attached {
  readonly entry: TocEntry | undefined;
}

/** Decides what of the things attached to replaced objects is restored by the archive, added again, or lost and named. */
export function planLosses(request: LossRequest): LossPlan {
  const { collisions, target, options } = request;
  const replaced = replacedBy(request);
  const restored = new RestoredParts(request);
  const isReplaced = (publication: string): boolean => replaced.has(nameKey('PUBLICATION', '', publication));
  const lost: Lost[] = [];
  const rejoined: Attached[] = [];
  for (const item of collisions.entries.length + collisions.largeObjects.length > 0 ? target.attached : []) {
    const entry = replaced.get(item.to);
    if (MEMBERSHIPS.has(item.kind)) {
      const goes = entry !== undefined || (item.kind === 'publication' && isReplaced(item.name));
      if (!goes || restored.isMember(item)) continue;
    } else if (entry === undefined || restored.includes(item, entry)) continue;
    const mayRejoin = item.kind === 'publication' && item.detail !== '' && !isReplaced(item.name);
    if (mayRejoin) rejoined.push(item);
    else lost.push({ ...item, entry });
  }
  lost.push(...ownLargeObjects(request, replaced, restored));
  return {
    omissions: [
      ...lostPrivileges(lost),
      ...lostParts(lost.filter(({ kind }) => kind !== 'privilege' && kind !== 'owner')),
      ...lostOwners(lost, restored, options),
    ],
    statements: rejoined.map(
      ({ name, schema, object, detail }) =>
        `ALTER PUBLICATION ${quotedIdentifier(name)} ADD TABLE ONLY ${qualified(schema, object)}${detail.trimEnd()}`,
    ),
    rejoined: rejoined.map(describeAttached),
  };
}

/** Kinds of membership in a publication, which goes with either of both. */
const MEMBERSHIPS: ReadonlySet<string> = new Set(['publication', 'schema of a publication']);

/** The replaced large objects of the user that will belong to another role: the target has named the owners of the others only. */
function ownLargeObjects(
  { collisions, target }: LossRequest,
  replaced: ReadonlyMap<string | undefined, TocEntry>,
  restored: RestoredParts,
): Lost[] {
  const type = 'large object';
  const others = new Set(
    target.attached.filter((item) => item.kind === 'owner' && item.type === type).map(({ to }) => to),
  );
  return collisions.largeObjects.flatMap((oid) => {
    const to = nameKey(type, '', oid);
    const entry = replaced.get(to);
    if (entry === undefined || others.has(to) || (restored.ownerOf(entry) ?? target.user) === target.user)
      return [];
    return [{ to, type, schema: '', object: oid, kind: 'owner', name: target.user, detail: '', entry }];
  });
}

/** The entries that replace something, by what they replace. */
function replacedBy({ collisions, kept }: LossRequest): ReadonlyMap<string | undefined, TocEntry> {
  const replaced = new Map(collisions.entries.map((entry) => [identityOf(entry), entry]));
  const unlinked = new Set(collisions.largeObjects);
  for (const entry of unlinked.size > 0 ? kept : []) {
    for (const oid of largeObjectsOf(entry))
      if (unlinked.has(oid)) replaced.set(nameKey('large object', '', oid), entry);
  }
  return replaced;
}

function lostPrivileges(lost: readonly Lost[]): Omission[] {
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
        silent: { what: 'privileges on' },
        why: WHY,
        level: 'warning' as const,
        dropped: true,
      },
    ];
  });
}

/** They belong to another role afterwards. */
function lostOwners(
  lost: readonly Lost[],
  restored: RestoredParts,
  { noOwner }: LossRequest['options'],
): Omission[] {
  const owners = lost.flatMap((item) => {
    const owner = item.kind === 'owner' && item.entry ? restored.ownerOf(item.entry) : undefined;
    return owner === undefined ? [] : [{ item, owner }];
  });
  return groupedBy(owners, ({ item, owner }) => nameKey(item.name, owner)).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const why = `the target has ${plainLine(first.item.name)} as the owner of an object that is replaced; it belongs to ${plainLine(first.owner)} then`;
    const names = group.map(({ item }) => describeObject(item));
    return [{ what: 'owner of', names, why, level: noOwner ? 'info' : 'warning', changed: true } as const];
  });
}

function lostParts(parts: readonly Lost[]): Omission[] {
  return groupedBy(parts, ({ kind }) => KINDS[kind]?.what ?? kind).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { what, level } = KINDS[first.kind] ?? { what: first.kind, level: 'warning' as const };
    return [{ what, names: group.map(describeAttached), why: WHY, level, dropped: true }];
  });
}

/** Kinds of parts that their name alone describes. */
const NAMED_ALONE: ReadonlySet<string> = new Set([
  ...['domain constraint', 'index', 'policy', 'rule', 'statistics object', 'table constraint', 'trigger'],
]);

function describeAttached(item: Attached): string {
  const object = describeObject(item);
  const name = plainLine(item.name);
  if (name === '') return object;
  if (item.kind === 'comment' || item.kind === 'security label') {
    return item.detail === 'COLUMN' ? `${object}.${name}` : `${object} ${item.detail.toLowerCase()} ${name}`;
  }
  if (item.kind === 'index setting') return `${object} ${name} (${plainLine(item.detail)})`;
  return NAMED_ALONE.has(item.kind) ? `${object} ${name}` : `${object} (${name})`;
}

function describeObject({ type, schema, object }: Attached): string {
  const name = displayName({ kind: '', schema, tag: object });
  return schema === '' && type !== 'CAST' ? `${type.toLowerCase()} ${name}` : name;
}
