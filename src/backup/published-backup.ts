import type { StoredBackup } from '../storage/store.ts';

/** Where a backup is stored. */
export interface PublishedBackup {
  /** One in each store, in the order of `storage`. */
  readonly copies: readonly StoredBackup[];
  /** How long the artifact is kept, as text. */
  readonly retention: string;
  /** Whether these are previous backups with the same content. */
  readonly unchanged: boolean;
}
