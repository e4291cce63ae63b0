const DIGEST_CHARACTERS = 12;

/**
 * The name of the artifact, which is the name of the file in it:
 * `<backup-name>-<YYYYMMDDTHHMMSSZ>-<first 12 hex of the content digest>.bak`, `.age` appended when it is encrypted.
 */
export function artifactName(backup: {
  readonly name: string;
  readonly time: Date;
  readonly contentDigest: string;
  readonly encrypted: boolean;
}): string {
  const time = backup.time.toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
  return `${backup.name}-${time}-${backup.contentDigest.slice(0, DIGEST_CHARACTERS)}.bak${backup.encrypted ? '.age' : ''}`;
}
