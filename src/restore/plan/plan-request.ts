import type { TableOfContents, TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TargetFacts } from './target.ts';

/** What the user wants of a restore. */
export interface RestoreOptions {
  /** Patterns as psql reads them, one each. Without any, everything is restored. */
  readonly filters: { readonly schemas: readonly string[]; readonly tables: readonly string[] };
  /** Whether what is in the way may be replaced. */
  readonly clean: boolean;
  /** The name of the database that may lose something; undefined when none may. */
  readonly confirmDatabase: string | undefined;
  readonly noOwner: boolean;
  readonly noPrivileges: boolean;
  /** The kinds of entries that options of `pg-restore-args` leave out. */
  readonly kindsLeftOut: ReadonlySet<string>;
  /** Whether the properties of the database itself are set. */
  readonly databaseSettings: boolean;
  /** Over how many connections; undefined for one, in one transaction. */
  readonly jobs: number | undefined;
  /** Whom the user acts as, if as another: then it is this role that owns what is restored. */
  readonly role: string | undefined;
  /** The schemas in which the restore finds what has no schema in the backup; empty for none. */
  readonly searchPath: readonly string[];
  /** Whether the target is dropped again when it has been verified: nobody else gets to use it. */
  readonly forTest: boolean;
}

/** What a plan is made of. */
export interface PlanRequest {
  readonly contents: TableOfContents;
  readonly target: TargetFacts;
  readonly options: RestoreOptions;
}

/** An entry that is not restored. */
export interface LeftOut {
  readonly entry: TocEntry;
  readonly why: string;
  /** `warning` when the restored database works differently without it. */
  readonly level: 'info' | 'warning';
}

/** Whether only a part of the archive is wanted. */
export function isFiltered({ filters }: RestoreOptions): boolean {
  return filters.schemas.length > 0 || filters.tables.length > 0;
}
