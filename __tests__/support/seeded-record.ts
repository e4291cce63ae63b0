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

/** The same with a little content. @param tables their rows. */
export function openRecordFor(
  name: string,
  content: Uint8Array,
  tables: Readonly<Record<string, number>> = { 'public.customers': 1, 'public.orders': 2 },
): OpenRecord {
  const { version, backupName, takenAt, database, serverVersion, clientVersion, compression, ...rest } =
    recordFor(name, content);
  return {
    ...{ version, backupName, takenAt, database, serverVersion, clientVersion, compression },
    ...{ file: rest.file, notIncluded: rest.notIncluded, madeBy: rest.madeBy },
    encryption: null,
    content: {
      digest: 'd'.repeat(64),
      rows: Object.values(tables).reduce((sum, rows) => sum + rows, 0),
      tables: Object.entries(tables).map(([table, rows]) => ({
        ...{ name: table, rows, bytes: rows * 20 },
        sha256: String(rows % 10).repeat(64),
      })),
      sequences: [{ name: 'public.orders_id_seq', value: '2', called: true }],
      largeObjects: { count: 0, bytes: 0, sha256: '0'.repeat(64) },
      definitions: [{ kind: 'TABLE', name: 'public.orders', digest: '3'.repeat(64) }],
    },
  };
}
