import type { Readable, Writable } from 'node:stream';
import type { BackupFileName } from './backup-file-name.ts';
import type { BackupRecord } from './record.ts';
import type { WantedBackup } from './wanted-backup.ts';

/** By how much the clocks of the machines that store backups and look at them may disagree. */
export const MOST_CLOCK_DIFFERENCE_MS = 3_600_000;

/** The facts about a whole file. */
export interface FileFacts {
  /** In bytes. */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** Where a file is stored. */
export type FileLocation =
  | {
      readonly kind: 'artifact';
      readonly id: number;
      /** The address of its page; undefined when it is not known. */
      readonly page: string | undefined;
    }
  | {
      readonly kind: 'file';
      /** On this machine, where it can be read. */
      readonly path: string;
    }
  | {
      readonly kind: 'object';
      /** `s3://BUCKET/KEY`. */
      readonly url: string;
      /** A URL; undefined: that of AWS for the region. */
      readonly endpoint: string | undefined;
      readonly region: string;
    };

/** The path of a file, or the URL of an object. */
export function addressOf(location: Exclude<FileLocation, { kind: 'artifact' }>): string {
  return location.kind === 'file' ? location.path : location.url;
}

/** A file in a store. One that is asked for by its name or id need not be a backup of this action. */
export interface StoredFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** In hexadecimal, as the store recorded it; undefined when it has not. */
  readonly sha256: string | undefined;
  /** What its name tells; undefined when it is not that of a backup. */
  readonly backup: BackupFileName | undefined;
  /** When it was stored, by the clock of the store. */
  readonly createdAt: Date;
  /** When the store deletes it; undefined when it does not, or does not say. */
  readonly expiresAt: Date | undefined;
  readonly location: FileLocation;
}

/** A backup in a store: a file with a record beside it. */
export interface StoredBackup extends StoredFile {
  readonly backup: BackupFileName;
}

/** The backups with one name in a store. */
export interface Series {
  readonly backupName: string;
  /** The unexpired ones, the newest first: in the order in which a restore finds the latest. */
  readonly backups: readonly StoredBackup[];
  /** Files without a record: of jobs that are at work, or were interrupted. */
  readonly unfinished: readonly StoredBackup[];
  /** The names of the other series that have backups. */
  readonly others: readonly string[];
  /** What has a name of this series and is no backup, as a sentence. */
  readonly ignored: string | undefined;
  /** How many files were searched; undefined when these are all. */
  readonly lookedAt: number | undefined;
  /** What time it was then by the clock of the store; undefined when it does not say. */
  readonly answeredAt: Date | undefined;
}

/**
 * Reads and removes the backups of a store. Nothing in it counts as a backup but a file with a record beside it, which
 * this repository's own jobs have made.
 *
 * Every method retries what may succeed later, within limits of its own, and throws UserError with what cannot; or the reason
 * of the signal that the store was made with.
 */
export interface BackupReader {
  /** For messages: `example/shop`, `the folder ./backups`. */
  readonly name: string;
  /** Lists the backups of a series, unfinished, foreign and expired ones left out. */
  readonly list: (backupName: string) => Promise<Series>;
  /**
   * Finds one backup for a restore.
   *
   * @throws UserError when there is none, listing what there is, or when there are several series to choose from.
   */
  readonly find: (wanted: WantedBackup) => Promise<StoredFile>;
  /** Its bytes. The stream fails when they end early or are more than `size`; a failed one may be opened again. */
  readonly open: (file: StoredFile) => Promise<Readable>;
  /**
   * Its record, validated, and that of this very file.
   *
   * @returns undefined when there is none, which only a file can be that was asked for by its name or id.
   */
  readonly record: (file: StoredFile) => Promise<BackupRecord | undefined>;
  /** Removes it, its record first: what is interrupted is an unfinished file. Does nothing when it is gone already. */
  readonly remove: (backup: StoredBackup) => Promise<void>;
}

/** What a store is told of a backup before there is any of it. */
export interface BeginOptions {
  /** Of the database: its backup is hardly ever larger. */
  readonly databaseBytes: number;
  /** Ends everything that is done for the backup; then it must be aborted. */
  readonly signal: AbortSignal;
}

/** Puts backups into a store. */
export interface BackupWriter {
  /**
   * Begins a backup that nobody can see yet.
   *
   * @param name of the file: the same in every store.
   */
  readonly begin: (name: string, options: BeginOptions) => Promise<PendingBackup>;
}

/** Where backups are kept. */
export interface BackupStore extends BackupReader, BackupWriter {}

/** A backup on its way into a store: its bytes, then `commit`, then `finish`; or `abort` at any point. */
export interface PendingBackup {
  /** For messages: `the artifact storage`, `the folder ./backups`. */
  readonly name: string;
  /** Takes the file, at the speed of the store. */
  readonly sink: Writable;
  /** Changes while the store takes the file. */
  readonly progress: () => number;
  /**
   * After the end of the sink: the store has the whole file, and what it has is read back and compared with these facts. It
   * is no backup yet.
   *
   * @returns why it could not be read back, as a sentence, where the store itself has verified every byte; undefined: it was read back.
   * @throws UserError when it is not the same, or the store fails; the signal's reason. Then it must be aborted.
   */
  readonly commit: (file: FileFacts) => Promise<string | undefined>;
  /** Writes the record: now it is a backup. */
  readonly finish: (record: BackupRecord) => Promise<StoredBackup>;
  /**
   * Nothing of it is left; after `finish` too, if it was not stored everywhere. Does nothing when it was aborted.
   *
   * @throws UserError naming what is left.
   */
  readonly abort: () => Promise<void>;
}
