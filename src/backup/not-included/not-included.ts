import type { RecordedOmission } from '../../storage/record.ts';

/** What is not in a backup, or is made anew by a restore. */
export interface NotIncluded extends RecordedOmission {
  /** `warning` where somebody would miss it after a restore. */
  readonly level: 'info' | 'warning';
  /** What to do about it, as a sentence. */
  readonly hint?: string;
}

/** The same where no content may show. */
export function withoutNames(item: NotIncluded): NotIncluded {
  return { ...item, names: [] };
}

/** What no backup of one database has. */
export const ALWAYS: NotIncluded = {
  what: 'roles and their memberships, tablespaces and other databases',
  names: [],
  why: 'pg_dump backs up one database',
  level: 'info',
};
