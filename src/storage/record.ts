import { UserError } from '../errors.ts';
import { recordName } from './backup-file-name.ts';

/** The version of records that this action writes, and the only one that it reads. */
export const RECORD_VERSION = 1 as const;

/** The largest record that is written or read: about half a million tables. */
export const LARGEST_RECORD_BYTES = 128 * 1024 * 1024;

/** Who can decrypt a backup. */
export type RecordedEncryption =
  | {
      readonly kind: 'age-recipients';
      /** The SHA-256 of each public key, in 64 hex digits. */
      readonly recipients: readonly string[];
    }
  | { readonly kind: 'age-passphrase' };

/** A table whose rows are in the backup. */
export interface RecordedTable {
  /** Schema and name, quoted as SQL needs it. */
  readonly name: string;
  readonly rows: number;
  /** The length of its rows as text. */
  readonly bytes: number;
  /** Of its rows as text; 64 hex digits. */
  readonly sha256: string;
}

/** The value of a sequence. */
export interface RecordedSequence {
  readonly name: string;
  /** A whole number, which may be larger than JavaScript's. */
  readonly value: string;
  /** Whether the value was handed out already. */
  readonly called: boolean;
}

/** Something that the backup defines: a table, an index, a comment, privileges and so on. */
export interface RecordedDefinition {
  /** As `pg_dump` calls it: `TABLE`, `FK CONSTRAINT`, `ACL`. */
  readonly kind: string;
  readonly name: string;
  /** SHA-256 of everything that the archive contains about it; 64 hex digits. */
  readonly digest: string;
}

/** An extension of the database, which `CREATE EXTENSION` makes in whatever version the target has. */
export interface RecordedExtension {
  readonly name: string;
  readonly version: string;
}

/** The values of a table's stored generated columns, which are not in the backup: a restore computes them anew. */
export interface RecordedGeneratedValues {
  /** As in {@link RecordedTable}. */
  readonly name: string;
  readonly columns: readonly string[];
  /** The number of rows and a sum over their values, in decimal digits; their order makes no difference. */
  readonly sum: string;
}

/** What is in a backup. */
export interface RecordedContent {
  /** The content digest; 64 hex digits. */
  readonly digest: string;
  /** Of all tables. */
  readonly rows: number;
  readonly tables: readonly RecordedTable[];
  readonly sequences: readonly RecordedSequence[];
  readonly largeObjects: { readonly count: number; readonly bytes: number; readonly sha256: string };
  readonly definitions: readonly RecordedDefinition[];
}

/** What is not in a backup. */
export interface RecordedOmission {
  /** A phrase, such as `data of tables`. */
  readonly what: string;
  /** The names or patterns; empty in a silent record. */
  readonly names: readonly string[];
  readonly why: string;
}

/** What every record tells. */
interface RecordFacts {
  readonly version: typeof RECORD_VERSION;
  readonly backupName: string;
  /** How long the dump took, with everything that is done meanwhile; in seconds. Absent in older records. */
  readonly dumpSeconds?: number;
  /** When the dump began, in UTC and to the second: `2026-11-27T04:15:18Z`. */
  readonly takenAt: string;
  readonly database: string;
  readonly serverVersion: string;
  readonly clientVersion: string;
  /** As in `compression`: `zstd:3`. */
  readonly compression: string;
  /** Null: not encrypted. */
  readonly encryption: RecordedEncryption | null;
  readonly file: {
    readonly name: string;
    /** In bytes. */
    readonly size: number;
    /** 64 hex digits. */
    readonly sha256: string;
  };
  readonly notIncluded: readonly RecordedOmission[];
  readonly madeBy: {
    /** `owner/name`; empty outside GitHub. */
    readonly repository: string;
    /** The id of the workflow run; empty outside GitHub. */
    readonly run: string;
  };
}

/** The record of a backup that only those can read who can read the repository, and that is not encrypted. */
export interface OpenRecord extends RecordFacts {
  readonly encryption: null;
  readonly content: RecordedContent;
  /** Absent where there are none, or they are not known. */
  readonly generatedValues?: readonly RecordedGeneratedValues[];
  /** All of the database, with their versions. Absent where there are none, or they are not known. */
  readonly extensions?: readonly RecordedExtension[];
}

/** The record of an encrypted backup, or of one in a public repository: nothing of its content shows. */
export interface SilentRecord extends RecordFacts {
  /** A keyed tag of the content, which only the job itself can make again; 64 hex digits. */
  readonly contentTag: string;
}

/** What is known about a backup: a small file beside it, written last. Plain data, as it stands in the file. */
export type BackupRecord = OpenRecord | SilentRecord;

/** Whether a record tells what is in the backup. */
export function isOpenRecord(record: BackupRecord): record is OpenRecord {
  return 'content' in record;
}

/**
 * The record as a file: JSON with its fields in one order, and an item of a list a line, so that two records can be compared
 * by their lines.
 *
 * @throws UserError when it is too large to be read again.
 */
export function serializeRecord(record: BackupRecord): Buffer {
  const { version, backupName, takenAt, database, serverVersion, clientVersion, compression } = record;
  const { encryption, file, notIncluded, madeBy, dumpSeconds } = record;
  const content = isOpenRecord(record) ? contentOf(record) : { contentTag: record.contentTag };
  const facts = {
    ...{ version, backupName, takenAt },
    ...(dumpSeconds === undefined ? {} : { dumpSeconds }),
    ...{ database, serverVersion, clientVersion, compression },
  };
  const text = withLines({ ...facts, encryption, file, ...content, notIncluded, madeBy });
  const bytes = Buffer.from(`${text}\n`);
  if (bytes.length <= LARGEST_RECORD_BYTES) return bytes;
  throw new UserError(
    'storage',
    `The record ${recordName(file.name)} would have ${bytes.length} bytes, more than the ${LARGEST_RECORD_BYTES} that are allowed.`,
    'Back up the schemas of this database one by one, with "schemas" and a backup-name for each.',
  );
}

function contentOf({
  content,
  generatedValues,
  extensions,
}: OpenRecord): Pick<OpenRecord, 'content' | 'generatedValues' | 'extensions'> {
  return {
    content,
    ...(generatedValues === undefined ? {} : { generatedValues }),
    ...(extensions === undefined ? {} : { extensions }),
  };
}

/** JSON in which an object on the first two levels has a line for each field, and a list a line for each item. */
function withLines(value: unknown, depth = 0): string {
  const indent = '\n' + '  '.repeat(depth + 1);
  const close = '\n' + '  '.repeat(depth);
  if (Array.isArray(value) && value.length > 0) {
    return `[${value.map((item) => indent + JSON.stringify(item)).join(',')}${close}]`;
  }
  if (Array.isArray(value) || typeof value !== 'object' || value === null || depth > 1) {
    return JSON.stringify(value);
  }
  const fields = Object.entries(value).map(
    ([name, field]) => `${indent}${JSON.stringify(name)}: ${withLines(field, depth + 1)}`,
  );
  return `{${fields.join(',')}${close}}`;
}
