import { createHash } from 'node:crypto';
import { readBackupFileName } from '../../src/storage/backup-file-name.ts';
import type { OpenRecord, SilentRecord } from '../../src/storage/record.ts';

/** The record of a file that has the name of a backup and any content: a silent one, which tells of the file only. */
export function recordFor(
  name: string,
  content: Uint8Array,
  changes: Partial<SilentRecord> = {},
): SilentRecord {
  const backup = readBackupFileName(name);
  if (!backup) throw new Error(`${name} is not the name of a backup.`);
  return {
    version: 1,
    backupName: backup.backupName,
    takenAt: backup.takenAt.toISOString().replace(/\.\d+/, ''),
    database: 'shop',
    serverVersion: '17.10',
    clientVersion: '17.11',
    compression: 'zstd:3',
    encryption: backup.encrypted ? { kind: 'age-passphrase' } : null,
    file: { name, size: content.length, sha256: createHash('sha256').update(content).digest('hex') },
    contentTag: '0'.repeat(64),
    notIncluded: [
      {
        what: 'roles and their memberships, tablespaces and other databases',
        names: [],
        why: 'pg_dump backs up one database',
      },
    ],
    madeBy: { repository: 'example/shop', run: '1' },
    ...changes,
  };
}

/** The same with a little content. */
export function openRecordFor(name: string, content: Uint8Array): OpenRecord {
  const { version, backupName, takenAt, database, serverVersion, clientVersion, compression, ...rest } =
    recordFor(name, content);
  return {
    ...{ version, backupName, takenAt, database, serverVersion, clientVersion, compression },
    ...{ file: rest.file, notIncluded: rest.notIncluded, madeBy: rest.madeBy },
    encryption: null,
    content: {
      digest: 'd'.repeat(64),
      rows: 3,
      tables: [
        { name: 'public.customers', rows: 1, bytes: 20, sha256: '1'.repeat(64) },
        { name: 'public.orders', rows: 2, bytes: 40, sha256: '2'.repeat(64) },
      ],
      sequences: [{ name: 'public.orders_id_seq', value: '2', called: true }],
      largeObjects: { count: 0, bytes: 0, sha256: '0'.repeat(64) },
      definitions: [{ kind: 'TABLE', name: 'public.orders', digest: '3'.repeat(64) }],
    },
  };
}
