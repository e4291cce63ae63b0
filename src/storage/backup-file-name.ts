import { randomBytes } from 'node:crypto';

/** What the name of a backup's file contains. */
export interface BackupFileName {
  readonly backupName: string;
  /** When the dump began, to the second. */
  readonly takenAt: Date;
  /** 8 hex digits, random, so that two backups never have the same name. */
  readonly random: string;
  readonly encrypted: boolean;
}

/** A name that no other backup has. */
export function newBackupFile(backup: Omit<BackupFileName, 'random'>): BackupFileName {
  return { ...backup, random: randomBytes(4).toString('hex') };
}

/**
 * The name of a backup's file, the same in every store: `<backup-name>-<YYYYMMDDTHHMMSSZ>-<8 hex>.bak`, `.age` appended
 * when it is encrypted. Nothing in it depends on the content: it must be known before the first byte.
 */
export function backupFileName({ backupName, takenAt, random, encrypted }: BackupFileName): string {
  const time = takenAt.toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
  return `${backupName}-${time}-${random}.bak${encrypted ? '.age' : ''}`;
}

const SHAPE = /^(.+)-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([0-9a-f]{8})\.bak(\.age)?$/s;

/** Reads back what `backupFileName` has written; undefined for the name of anything else. */
export function readBackupFileName(name: string): BackupFileName | undefined {
  const [, backupName, year, month, day, hour, minute, second, random, age] = SHAPE.exec(name) ?? [];
  if (backupName === undefined || random === undefined) return undefined;
  const takenAt = new Date(
    `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`,
  );
  const backup = { backupName, takenAt, random, encrypted: age !== undefined };
  // A thirteenth month is no time, and the 31st of February would be read as a day in March.
  if (Number.isNaN(takenAt.getTime())) return undefined;
  return backupFileName(backup) === name ? backup : undefined;
}

const RECORD = '.json';

/** The name of the record beside a backup's file. */
export function recordName(fileName: string): string {
  return `${fileName}${RECORD}`;
}

/** The backup's file that a record is about, from the record's name; undefined for the name of anything else. */
export function fileOfRecord(name: string): string | undefined {
  const fileName = name.endsWith(RECORD) ? name.slice(0, -RECORD.length) : '';
  return readBackupFileName(fileName) ? fileName : undefined;
}
