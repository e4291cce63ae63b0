/**
 * The name of the artifact, which is the name of the file in it: `<backup-name>-<YYYYMMDDTHHMMSSZ>-<tag>.bak`, `.age`
 * appended when it is encrypted.
 *
 * @param backup.tag 12 hex digits, the beginning of the content digest; of an encrypted backup, the 16 of a keyed tag.
 */
export function artifactName(backup: {
  readonly name: string;
  readonly time: Date;
  readonly tag: string;
  readonly encrypted: boolean;
}): string {
  const time = backup.time.toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
  return `${backup.name}-${time}-${backup.tag}.bak${backup.encrypted ? '.age' : ''}`;
}

/** What the name of an artifact tells of the backup in it. */
export interface NamedBackup {
  readonly backupName: string;
  /** When the dump began, to the second. */
  readonly takenAt: Date;
  /** The beginning of the content digest, or a keyed tag of an encrypted backup. */
  readonly tag: string;
  readonly encrypted: boolean;
}

/** The file that somebody has decrypted has neither shape: its tag tells nobody else of the content. */
const SHAPE =
  /^(.+)-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(?:([0-9a-f]{12})\.bak|([0-9a-f]{16})\.bak\.age)$/s;

/** Reads back what `artifactName` has written; undefined for the name of anything else. */
export function readArtifactName(name: string): NamedBackup | undefined {
  const [, backupName, year, month, day, hour, minute, second, plain, keyed] = SHAPE.exec(name) ?? [];
  const tag = plain ?? keyed;
  if (backupName === undefined || tag === undefined) return undefined;
  const takenAt = new Date(
    `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`,
  );
  const backup = { backupName, takenAt, tag, encrypted: plain === undefined };
  // A thirteenth month is no time, and the 31st of February would be read as a day in March.
  if (Number.isNaN(takenAt.getTime())) return undefined;
  return artifactName({ ...backup, name: backupName, time: takenAt }) === name ? backup : undefined;
}
