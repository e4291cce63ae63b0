import type { Manifest } from '../archive/content/manifest.ts';
import { describeOmission, verbOf, withoutNames } from './plan/omission.ts';
import type { RestorePlan } from './plan/plan.ts';
import {
  type SchemaVerification,
  describeSchemaVerification,
  describeSilently,
} from './verify/verify-schema.ts';
import type { TableOfContents } from '../archive/toc/table-of-contents.ts';
import { bytes, count, minute } from '../runner/format.ts';
import { describeContents, largestTables } from '../archive/content-summary.ts';
import { type Durations, formatDurations } from '../runner/durations.ts';
import { code, escaped, sqlBlock, table } from '../runner/markdown.ts';
import { type BackupRecord, isOpenRecord } from '../storage/record.ts';
import { nameOf } from '../storage/catalogue.ts';
import { type StoredFile, addressOf } from '../storage/store.ts';

/** Where a backup came from. */
export type RestoreSource =
  { readonly kind: 'stored'; readonly file: StoredFile } | { readonly kind: 'file'; readonly path: string };

/** Everything that the summary of a restore shows. */
export interface RestoreSummary extends Durations {
  /** The target. */
  readonly database: string;
  readonly address: string;
  readonly serverVersion: string;
  readonly clientVersion: string;
  readonly source: RestoreSource;
  /** Undefined: there is none. */
  readonly record: BackupRecord | undefined;
  readonly archive: {
    readonly size: number;
    readonly sha256: string;
    readonly contents: Pick<TableOfContents, 'database' | 'serverVersion'>;
  };
  readonly plan: Pick<RestorePlan, 'creates' | 'replaces' | 'removes' | 'leavesAlone' | 'omissions'>;
  readonly restored: Pick<Manifest, 'tables' | 'sequences' | 'largeObjects'>;
  /** What the restored database was compared with the backup in, beside rows; undefined when it was not. */
  readonly verification: SchemaVerification | undefined;
  /** Why nothing of the content may show; undefined where it may. */
  readonly withheld: string | undefined;
}

/** The job summary of a restore, as GitHub-flavoured Markdown. */
export function restoreSummary(restore: RestoreSummary): string {
  const { verification } = restore;
  const sections = [
    verification
      ? `## ✅ ${code(restore.database)} is restored and verified`
      : `## ⚠️ ${code(restore.database)} is restored, but not verified`,
    verification
      ? `The restored data was dumped again and compared with the backup: it has the same tables, rows, SHA-256 of the rows and sequence values. Also compared: ${(restore.withheld === undefined ? describeSchemaVerification : describeSilently)(verification)}.`
      : 'The archive was read back whole before the restore. <code>verify</code> is false, so the restored rows were not compared with it.',
    facts(restore),
    leftOut(restore),
    restore.withheld ?? largestTables(restore.restored.tables) ?? 'The backup contains no table rows.',
  ];
  return [...sections.filter((section) => section !== ''), ''].join('\n\n');
}

function facts(restore: RestoreSummary): string {
  const { archive, source, withheld } = restore;
  const tool = `pg_restore ${escaped(restore.clientVersion)}`;
  const taken = source.kind === 'stored' ? source.file.backup?.takenAt : undefined;
  const rows = [
    ['Backup', describeSource(source)],
    ...(taken ? [['Taken', `**${minute(taken)}**`]] : []),
    ['Record', describeRecord(restore.record)],
    [
      'From',
      `${code(archive.contents.database)}, PostgreSQL ${escaped(archive.contents.serverVersion)}; ${bytes(archive.size)}`,
    ],
    [
      'Into',
      `${code(restore.database)} on ${code(restore.address)}, PostgreSQL ${escaped(restore.serverVersion)}`,
    ],
    ...(withheld === undefined
      ? [
          ['Restored', `**${describeContents(restore.restored)}**; ${tool}`],
          ['Changes', describeChanges(restore.plan)],
          ['SHA-256 of the archive', `<code>${archive.sha256}</code>`],
        ]
      : [['Restored with', tool]]),
    ['Duration', formatDurations(restore)],
  ];
  const [first = [], ...rest] = rows;
  return table(first, rest, ['left', 'left']);
}

function describeSource(source: RestoreSource): string {
  if (source.kind === 'file') return code(source.path);
  const { name, location } = source.file;
  if (location.kind !== 'artifact') return code(addressOf(location));
  return nameOf({ name, page: location.page });
}

function describeRecord(record: BackupRecord | undefined): string {
  if (!record) return 'none: compared with the file alone';
  return isOpenRecord(record) ? 'size, SHA-256, content and definitions match' : 'size and SHA-256 match';
}

function describeChanges({ creates, replaces, removes, leavesAlone }: RestoreSummary['plan']): string {
  return [
    `${count(creates.length, 'relation')} created`,
    ...(replaces.length > 0 ? [`**${count(replaces.length, 'relation')} replaced**`] : []),
    ...(removes.length > 0 ? [`**${count(removes.length, 'relation')} dropped with them**`] : []),
    ...(leavesAlone.length > 0 ? [`${count(leavesAlone.length, 'relation')} left alone`] : []),
  ].join(', ');
}

const LEFT_OUT = '### Left out or changed';

/** What of the backup is not in the target, or not as it was, what the target has lost, and why. */
function leftOut({ plan: { omissions }, withheld }: RestoreSummary): string {
  if (omissions.length === 0) return `${LEFT_OUT}\n\nNothing was left out, changed or dropped.`;
  const shown = withheld === undefined ? omissions : omissions.map(withoutNames);
  const rows = shown.map((omission) => [
    `${omission.level === 'warning' ? '⚠️ ' : ''}${code(describeOmission(omission))}`,
    verbOf(omission).warning,
    escaped(omission.why),
  ]);
  const statements = shown.flatMap((omission) => omission.statements ?? []);
  const sql =
    statements.length === 0
      ? []
      : [
          'Statements that set what was left out of the database itself (values of settings with a dot in their names are not shown):',
          sqlBlock(statements),
        ];
  return [LEFT_OUT, table(['What', '', 'Why'], rows, ['left', 'left', 'left']), ...sql].join('\n\n');
}
