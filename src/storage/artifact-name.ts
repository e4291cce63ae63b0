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

/** What the name of an artifact tells of the backup in it. */
export interface NamedBackup {
  readonly backupName: string;
  /** When the dump began, to the second. */
  readonly takenAt: Date;
  /** The first 12 hex digits of the content digest. */
  readonly contentDigestStart: string;
  readonly encrypted: boolean;
}

const SHAPE = /^(.+)-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([0-9a-f]{12})\.bak(\.age)?$/s;

/** Reads back what `artifactName` has written; undefined for the name of anything else. */
export function readArtifactName(name: string): NamedBackup | undefined {
  const [, backupName, year, month, day, hour, minute, second, contentDigestStart, age] =
    SHAPE.exec(name) ?? [];
  if (backupName === undefined || contentDigestStart === undefined) return undefined;
  const takenAt = new Date(
    `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`,
  );
  const backup = { backupName, takenAt, contentDigestStart, encrypted: age !== undefined };
  // A thirteenth month is no time, and the 31st of February would be read as a day in March.
  if (Number.isNaN(takenAt.getTime())) return undefined;
  return artifactName({ ...backup, name: backupName, time: takenAt, contentDigest: contentDigestStart }) ===
    name
    ? backup
    : undefined;
}
