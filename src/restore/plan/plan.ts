import { UserError } from '../../errors.ts';
import { someOf } from '../../runner/format.ts';
import { LargeObjectCollector } from '../../archive/content/large-objects.ts';
import type { Manifest } from '../../archive/content/manifest.ts';
import { formatCounts, displayKind, displayName } from '../../archive/toc/entry-names.ts';
import { type Collisions, guardTarget, isEmpty, isOrigin } from './guard.ts';
import { RELATION_KINDS, identityOf, largeObjectsOf } from '../../archive/toc/identity.ts';
import { nameKey } from '../../archive/names.ts';
import { dropScript, droppedWith } from './plan-drops.ts';
import { leaveOutWhatFails } from './plan-omissions.ts';
import { type LeftOut, type PlanRequest, isFiltered } from './plan-request.ts';
import { type Selected, selectByFilters } from './plan-selection.ts';
import { requireExpectedStatements } from './plan-statements.ts';
import type { DatabaseStatement } from '../../archive/toc/database-statements.ts';
import { type RightsPlan, planRights } from './plan-rights.ts';
import { requireCreate } from './require-create.ts';
import { requireSafePath } from './search-path.ts';
import { planLosses } from './plan-losses.ts';
import { type Omission, groupedBy, describeOmission, verbOf } from './omission.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TargetFacts, TargetRelation } from './target.ts';
import { tablesOfDeferredChecks } from './deferred-checks.ts';
import { type RestoreStage, parallelStages } from './parallel-stages.ts';
import { TocIndex, isRelation } from '../../archive/toc/toc-index.ts';

/** An object for a message. */
export interface PlannedObject {
  /** `table`, `view`, `function` and so on. */
  readonly kind: string;
  /** Its name as people write it: `public.users`. */
  readonly name: string;
}

/** What a restore will do. Plain data, made before anything is changed. */
export interface RestorePlan {
  /** What to restore, in the archive's order, but event triggers last: the lines of a list for `pg_restore --use-list`. */
  readonly dumpIds: readonly number[];
  /** The same, in the stages of a restore with `jobs`. */
  readonly stages: readonly RestoreStage[];
  /** The tables with CHECK constraints that are added when all rows are there; not with `jobs`. */
  readonly deferredChecks: readonly TocEntry[];
  /** How owners and privileges are restored. */
  readonly rights: RightsPlan;
  /** All that is restored, by `pg_restore` or by statements of our own. */
  readonly restored: readonly TocEntry[];
  /** The schemas that the target has already. */
  readonly schemasBefore: ReadonlySet<string>;
  /** The relations that are new to the target. */
  readonly creates: readonly PlannedObject[];
  /** The relations that are dropped and made anew. */
  readonly replaces: readonly PlannedObject[];
  /** What else is dropped and made anew: functions, types and the like. */
  readonly replacesOthers: readonly PlannedObject[];
  /** The relations that are dropped with those, as parts of them, and are not in the archive. */
  readonly removes: readonly PlannedObject[];
  /** The relations of the target that are not touched. */
  readonly leavesAlone: readonly PlannedObject[];
  /** The same, by schema and name. */
  readonly untouched: readonly (readonly [schema: string, name: string])[];
  /** The memberships in publications of the target that are added again: `public.orders (shop)`. */
  readonly rejoins: readonly string[];
  readonly omissions: readonly Omission[];
  /** What of the database itself is set. */
  readonly database: readonly DatabaseStatement[];
  /** The tables whose rows are restored, as the manifest calls them. */
  readonly copyTargets: ReadonlySet<string>;
  /** The sequences whose values are restored, as the manifest calls them. */
  readonly sequences: ReadonlySet<string>;
  readonly largeObjects: boolean;
  /** Identities of what the target lacks before the restore; of large objects, their numbers. */
  readonly newIdentities: ReadonlySet<string>;
  /** How many large objects the target keeps beside those of the archive. */
  readonly otherLargeObjects: number;
  readonly targetWasEmpty: boolean;
  readonly isOrigin: boolean;
  /** Whether everything that the target contains afterwards comes from the archive. */
  readonly everything: boolean;
  /** SQL that drops what is in the way, to be run in the transaction of the restore before anything of it; or empty. */
  readonly dropScript: string;
  /** Tablespaces that the target has not; with any, `pg_restore` needs `--no-tablespaces`. */
  readonly missingTablespaces: readonly string[];
}

/**
 * Decides what of an archive is restored into a target, and whether it may be.
 *
 * @throws UserError when the target must not be changed so, or the restore is known to fail; the signal's reason.
 */
export async function planRestore(request: PlanRequest, signal: AbortSignal): Promise<RestorePlan> {
  const { contents, target, options } = request;
  const index = new TocIndex(contents.entries);
  requireTables(index);
  const selected: Selected = isFiltered(options)
    ? selectByFilters(index, options.filters, target.identities)
    : { entries: new Set(index.entries), leftOut: [] };
  const { kept, leftOut } = leaveOutWhatFails(index, selected.entries, request);
  await requireExpectedStatements(kept, signal);
  const collisions = collisionsOf(kept, request);
  guardTarget(request, collisions);
  requirePossible(kept, collisions, request);
  const rights = planRights(eventTriggersLast(kept, index), index, request);
  const losses = planLosses({ ...rights, ...request, kept, collisions, index });

  const relations = kept.filter(isRelation);
  const replaced = new Set(collisions.entries);
  const restoredNames = new Set(relations.map(identityOf));
  const isNotRestored = ({ schema, name }: TargetRelation): boolean =>
    !restoredNames.has(nameKey('relation', schema, name));
  const lost = droppedWith(collisions, target).filter(isNotRestored);
  const untouched = target.relations.filter(
    (relation) => isNotRestored(relation) && !lost.includes(relation),
  );
  const { missingTablespaces, omission } = tablespaces(kept, request);
  const restoredObjects = new Set(kept.flatMap(largeObjectsOf));
  return {
    dumpIds: rights.entries.map(({ dumpId }) => dumpId),
    stages: parallelStages(rights.entries),
    deferredChecks: tablesOfDeferredChecks(kept, index),
    rights: { ...rights, last: [...losses.statements, ...rights.last] },
    rejoins: losses.rejoined,
    restored: kept,
    schemasBefore: new Set(target.schemas.keys()),
    creates: relations.filter((entry) => !replaced.has(entry)).map(planned),
    replaces: relations.filter((entry) => replaced.has(entry)).map(planned),
    replacesOthers: collisions.entries.filter((entry) => !isRelation(entry)).map(planned),
    removes: lost.map(plannedTarget),
    leavesAlone: untouched.map(plannedTarget),
    untouched: untouched.map(({ schema, name }) => [schema, name] as const),
    omissions: [
      ...grouped([...selected.leftOut, ...leftOut]),
      ...rights.omissions,
      ...removedParts(lost),
      ...losses.omissions,
      ...notVerified(kept),
      ...omission,
    ],
    database: [],
    copyTargets: new Set(contentsOf(kept, 'TABLE DATA')),
    sequences: new Set(contentsOf(kept, 'SEQUENCE SET')),
    largeObjects: restoredObjects.size > 0,
    newIdentities: newIdentities(kept, target),
    otherLargeObjects: [...target.largeObjects].filter((oid) => !restoredObjects.has(oid)).length,
    targetWasEmpty: isEmpty(target),
    isOrigin: isOrigin(request),
    everything: isEmpty(target) && !isFiltered(options),
    dropScript: dropScript(collisions, target),
    missingTablespaces,
  };
}

/** pg_dump refreshes materialized views after them, which they would take for a change of the user's. */
function eventTriggersLast(entries: readonly TocEntry[], index: TocIndex): readonly TocEntry[] {
  const isLast = (entry: TocEntry): boolean => index.rootOf(entry).kind === 'EVENT TRIGGER';
  return [...entries.filter((entry) => !isLast(entry)), ...entries.filter(isLast)];
}

/** What of an archive's contents the target contains after a restore. */
export function expectedContents(
  manifest: Manifest,
  plan: Pick<RestorePlan, 'copyTargets' | 'sequences' | 'largeObjects'>,
): Pick<Manifest, 'tables' | 'sequences' | 'largeObjects'> {
  return {
    tables: manifest.tables.filter(({ name }) => plan.copyTargets.has(name)),
    sequences: manifest.sequences.filter(({ name }) => plan.sequences.has(name)),
    largeObjects: plan.largeObjects ? manifest.largeObjects : new LargeObjectCollector().finish(),
  };
}

/** The plan for the log: what will be created, replaced and left alone, and what is left out. */
export function planLines(plan: RestorePlan): string[] {
  const counts = (objects: readonly PlannedObject[]): string => formatCounts(objects.map(({ kind }) => kind));
  const names = (objects: readonly PlannedObject[]): string => someOf(objects.map(({ name }) => name));
  const replaced = [...plan.replaces, ...plan.replacesOthers];
  return [
    `Will create ${counts(plan.creates)}`,
    ...(replaced.length > 0 ? [`Will replace ${counts(replaced)}: ${names(replaced)}`] : []),
    ...(plan.leavesAlone.length > 0
      ? [`Will leave alone ${counts(plan.leavesAlone)}: ${names(plan.leavesAlone)}`]
      : []),
    ...(plan.rejoins.length > 0 ? [`Will add to its publication again: ${someOf(plan.rejoins)}`] : []),
    ...plan.omissions.flatMap((omission) => [
      `Will ${verbOf(omission).plan} ${describeOmission(omission)}: ${omission.why}`,
      ...(omission.statements ?? []).map((sql) => `  ${sql}`),
    ]),
  ];
}

function planned(entry: Pick<TocEntry, 'kind' | 'schema' | 'tag'>): PlannedObject {
  return { kind: displayKind(entry), name: displayName(entry) };
}

function plannedTarget({ kind, schema, name }: TargetRelation): PlannedObject {
  return planned({ kind, schema, tag: name });
}

function contentsOf(entries: readonly TocEntry[], kind: string): string[] {
  return entries.flatMap((entry) => (entry.kind === kind ? (entry.contents ?? []) : []));
}

/** The rows of an archive of rows alone would be appended to existing rows. */
function requireTables(index: TocIndex): void {
  if (index.entries.some(({ kind }) => kind === 'EXTENSION')) return;
  const rows = index.entries.find((entry) => entry.kind === 'TABLE DATA' && !index.ownerOf(entry));
  if (rows === undefined) return;
  throw new UserError(
    'restore-refused',
    `The archive contains the rows of ${displayName(rows)}, but not the table itself.`,
    'It was made with --data-only or --section=data. Restore it with pg_restore into the tables that you want to fill.',
  );
}

function collisionsOf(entries: readonly TocEntry[], { target }: PlanRequest): Collisions {
  return {
    entries: entries.filter(
      (entry) => entry.kind !== 'SCHEMA' && target.identities.has(identityOf(entry) ?? ''),
    ),
    largeObjects: entries.flatMap(largeObjectsOf).filter((oid) => target.largeObjects.has(oid)),
  };
}

function newIdentities(entries: readonly TocEntry[], target: TargetFacts): ReadonlySet<string> {
  const before = presentIdentities(target);
  const restored = entries.flatMap((entry) => [identityOf(entry) ?? [], ...largeObjectsOf(entry)].flat());
  return new Set(restored.filter((identity) => !before.has(identity)));
}

/** What the target contains, large objects included. */
export function presentIdentities({ identities, largeObjects }: TargetFacts): ReadonlySet<string> {
  return new Set([...identities, ...largeObjects]);
}

function requirePossible(kept: readonly TocEntry[], collisions: Collisions, request: PlanRequest): void {
  const { target } = request;
  requireSameKinds(collisions, target.relations);
  requireCreate(kept, target);
  requireSafePath(kept, request);
}

/** `DROP TABLE` does not drop a view. */
function requireSameKinds({ entries }: Collisions, relations: readonly TargetRelation[]): void {
  const kinds = new Map(relations.map(({ kind, schema, name }) => [nameKey('relation', schema, name), kind]));
  const other = entries.find(
    (entry) => RELATION_KINDS.has(entry.kind) && kinds.get(identityOf(entry) ?? '') !== entry.kind,
  );
  if (other === undefined) return;
  const kind = kinds.get(identityOf(other) ?? '') ?? 'TABLE';
  throw new UserError(
    'restore-refused',
    `${displayName(other)} is a ${displayKind(other)} in the backup and a ${displayKind({ kind })} in the target.`,
    `Drop or rename the ${displayKind({ kind })} first, if it is no longer needed.`,
  );
}

/** One omission for all entries of a kind that are left out for the same reason. */
function grouped(leftOut: readonly LeftOut[]): Omission[] {
  return groupedBy(leftOut, ({ level, entry, why }) => nameKey(level, entry.kind, why)).flatMap((items) => {
    const [first] = items;
    if (first === undefined) return [];
    const names = items.map(({ entry }) => displayName(entry));
    return [{ what: displayKind(first.entry), names, why: first.why, level: first.level }];
  });
}

/** Partitions and sequences that are dropped with the tables that they are parts of. */
function removedParts(lost: readonly TargetRelation[]): Omission[] {
  return groupedBy(lost.map(plannedTarget), ({ kind }) => kind).map((parts) => ({
    what: parts[0]?.kind ?? 'relation',
    names: parts.map(({ name }) => name),
    why: 'it is a part of a table that is replaced, and the backup does not contain it',
    level: 'warning',
    dropped: true,
  }));
}

/** Rows that were dumped as INSERT statements are restored, but no manifest counts them. */
function notVerified(entries: readonly TocEntry[]): Omission[] {
  const names = entries
    .filter((entry) => entry.kind === 'TABLE DATA' && entry.contents === undefined)
    .map(displayName);
  if (names.length === 0) return [];
  const why = 'they were dumped as INSERT statements: they are restored, and cannot be compared';
  return [{ what: 'from the verification the rows of', names, why, level: 'warning' }];
}

function tablespaces(
  entries: readonly TocEntry[],
  { target }: PlanRequest,
): { readonly missingTablespaces: readonly string[]; readonly omission: readonly Omission[] } {
  const used = new Set(entries.map(({ tablespace }) => tablespace));
  const missing = [...used].filter((name) => name !== '' && !target.tablespaces.has(name));
  if (missing.length === 0) return { missingTablespaces: [], omission: [] };
  const why = 'the server has none of that name; everything goes into its default';
  return {
    missingTablespaces: missing,
    omission: [{ what: 'tablespace', names: missing, why, level: 'info' }],
  };
}
