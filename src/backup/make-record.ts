import { createHash } from 'node:crypto';
import type { Encryption } from '../age/age-inputs.ts';
import type { Manifest } from '../archive/content/manifest.ts';
import { recordedContent } from '../archive/recorded-content.ts';
import { type BackupFileName, backupFileName } from '../storage/backup-file-name.ts';
import {
  type BackupRecord,
  type RecordedEncryption,
  type RecordedExtension,
  type RecordedGeneratedValues,
  RECORD_VERSION,
} from '../storage/record.ts';
import type { FileFacts } from '../storage/store.ts';
import type { NotIncluded } from './not-included/not-included.ts';

/** What a record is made of. */
export interface RecordParts {
  readonly backup: BackupFileName;
  /** The file as it is stored. */
  readonly file: FileFacts;
  readonly dumpMs: number;
  readonly database: string;
  readonly serverVersion: string;
  readonly clientVersion: string;
  readonly compression: string;
  readonly encryption: Encryption | undefined;
  readonly manifest: Manifest;
  readonly notIncluded: readonly NotIncluded[];
  readonly generatedValues: readonly RecordedGeneratedValues[];
  readonly extensions: readonly RecordedExtension[];
  /** `owner/name` and the id of the run. */
  readonly madeBy: BackupRecord['madeBy'];
  /** Makes the record a silent one; undefined only for a backup that is not encrypted, in a private repository. */
  readonly contentTag: string | undefined;
}

/** The record of a backup. */
export function makeRecord(parts: RecordParts): BackupRecord {
  const { backup, file, database, serverVersion, clientVersion, compression, encryption } = parts;
  const omissions = parts.notIncluded.map(({ what, names, why }) => ({ what, names, why }));
  const facts = {
    version: RECORD_VERSION,
    backupName: backup.backupName,
    takenAt: backup.takenAt.toISOString().replace(/\.\d+/, ''),
    dumpSeconds: Math.round(parts.dumpMs / 100) / 10,
    database,
    serverVersion,
    clientVersion,
    compression,
    file: { name: backupFileName(backup), size: file.size, sha256: file.sha256 },
    madeBy: { repository: parts.madeBy.repository, run: parts.madeBy.run },
  };
  const { contentTag } = parts;
  if (contentTag !== undefined) {
    const notIncluded = omissions.map((omission) => ({ ...omission, names: [] }));
    return { ...facts, encryption: recordedEncryption(encryption), notIncluded, contentTag };
  }
  if (encryption) throw new Error('The record of an encrypted backup needs a tag of its content.');
  const { generatedValues, extensions } = parts;
  return {
    ...{ ...facts, encryption: null, notIncluded: omissions, content: recordedContent(parts.manifest) },
    ...(generatedValues.length === 0 ? {} : { generatedValues }),
    ...(extensions.length === 0 ? {} : { extensions }),
  };
}

function recordedEncryption(encryption: Encryption | undefined): RecordedEncryption | null {
  if (!encryption) return null;
  if (encryption.to === 'passphrase') return { kind: 'age-passphrase' };
  const fingerprints = encryption.recipients.map((recipient) =>
    createHash('sha256').update(recipient).digest('hex'),
  );
  return { kind: 'age-recipients', recipients: fingerprints.sort() };
}
