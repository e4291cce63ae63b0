import type { TocEntry } from '../../archive/toc/table-of-contents.ts';

/** Of the post-data section, what attached indexes are made of. */
const BEFORE_ATTACHING = new Set(['INDEX', 'CONSTRAINT']);

/** Entries that are restored after those of the stage before. */
export interface RestoreStage {
  readonly dumpIds: readonly number[];
  /** Whether over one connection only. */
  readonly inTurn: boolean;
}

/** The stage in which indexes are attached. */
const ATTACHING = '1';

/**
 * What `pg_restore --jobs` may restore at the same time, in order: the numbers of the entries. Pure.
 *
 * `ALTER INDEX … ATTACH PARTITION` locks the indexes of a partitioned table from below, and a foreign key or a trigger on it
 * locks them from above. `pg_restore` 17 runs them side by side, and the server ends one of them as a deadlock. So the
 * indexes are attached in a stage of their own, one after another: of two sessions that attach on two levels, neither sees that
 * the other has made the index above valid, which then stays invalid (`validatePartitionedIndex` in tablecmds.c). What else
 * belongs to the post-data section follows them. Event
 * triggers come last, when nothing is left that they could take for a change of the user's.
 *
 * @param entries in the archive's order, in which a comment follows what it is on.
 */
export function parallelStages(entries: readonly TocEntry[]): readonly RestoreStage[] {
  const stages: Readonly<Record<Stage, number[]>> = { 0: [], 1: [], 2: [], 3: [] };
  const attaches = entries.some(({ kind }) => kind === 'INDEX ATTACH');
  let stage: Stage = 0;
  for (const { dumpId, kind, section } of entries) {
    if (section !== 'none') stage = stageOf(kind, attaches && section === 'post-data');
    stages[stage].push(dumpId);
  }
  return Object.entries(stages)
    .map(([number, dumpIds]) => ({ dumpIds, inTurn: number === ATTACHING }))
    .filter(({ dumpIds }) => dumpIds.length > 0);
}

type Stage = 0 | 1 | 2 | 3;

function stageOf(kind: string, hasToWait: boolean): Stage {
  if (kind === 'EVENT TRIGGER') return 3;
  if (!hasToWait || BEFORE_ATTACHING.has(kind)) return 0;
  return kind === 'INDEX ATTACH' ? 1 : 2;
}
