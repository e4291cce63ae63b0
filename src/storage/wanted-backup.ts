/** Which backup of a repository to use. */
export type WantedBackup =
  /** The newest of a series; of the only one when `backupName` is undefined. */
  | { readonly kind: 'latest'; readonly backupName: string | undefined }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'id'; readonly id: number };
