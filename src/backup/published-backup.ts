import type { StoredBackup } from '../storage/store.ts';

/** Where a backup is stored. */
export interface PublishedBackup {
  /** One in each store, in the order of `storage`. */
  readonly copies: readonly StoredBackup[];
  /** Why a copy could not be read back, a sentence each. */
  readonly notReadBack: readonly string[];
  /** How long the artifact is kept, as text. */
  readonly retention: string;
  /** Whether these are previous backups with the same content. */
  readonly unchanged: boolean;
}
