import type { TableOfContents, TocEntry } from '../../archive/toc/table-of-contents.ts';
import { identityOf } from '../../archive/toc/identity.ts';
import { nameKey } from '../../archive/names.ts';
import type { OwnedEntry } from '../plan/plan-owners.ts';
import type { PlannedPrivileges } from '../plan/plan-privileges.ts';

/** What was restored, as the archive has it, and what the plan has made of its owners and privileges. */
export interface SchemaExpectation {
  readonly contents: TableOfContents;
  /** The entries of the archive that were restored. */
  readonly restored: readonly TocEntry[];
  /** Those of them that have another definition than in the archive. */
  readonly restated: ReadonlyMap<TocEntry, string>;
  readonly owned: readonly OwnedEntry[];
  /** Undefined when none were restored, whatever the target gives of itself. */
  readonly privileges: readonly PlannedPrivileges[] | undefined;
  /** The schemas that the target had before. */
  readonly schemasBefore: ReadonlySet<string>;
  /** What `pg_restore` was told besides. */
  readonly restoreArguments: readonly string[];
  readonly withoutTablespaces: boolean;
}

/** What two versions of an entry have in common: kind and name; of routines and operators also the types of arguments. */
export function entryKey(entry: TocEntry): string {
  // Versions of pg_dump differ about the schema that it is filed under; the tag names it.
  if (entry.kind === 'PUBLICATION TABLES IN SCHEMA') return nameKey(entry.kind, '', entry.tag);
  return nameKey(entry.kind, identityOf(entry) ?? nameKey(entry.schema, entry.tag));
}

/** Whether an entry is about something that the target had before the restore. */
export function wasThereBefore(
  { kind, tag }: TocEntry,
  { schemasBefore }: Pick<SchemaExpectation, 'schemasBefore'>,
): boolean {
  return kind === 'SCHEMA' && schemasBefore.has(tag);
}
