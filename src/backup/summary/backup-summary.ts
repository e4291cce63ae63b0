import type { Manifest } from '../../archive/content/manifest.ts';
import { type Encryption, encryptedTo } from '../../age/age-inputs.ts';
import { bytes, minute } from '../../runner/format.ts';
import { type Exposure, describeExposure } from '../../github/privacy.ts';
import { describeContents, largestTables } from '../../archive/content-summary.ts';
import { nameOf } from '../../storage/catalogue.ts';
import type { StoredBackup } from '../../storage/store.ts';
import { notIncludedSection } from '../not-included/not-included-section.ts';
import type { ParallelOutcome } from '../dump/archive-writer.ts';
import type { Comparison } from '../compare-previous.ts';
import type { NotIncluded } from '../not-included/not-included.ts';
import type { PublishedBackup } from '../published-backup.ts';
import { changesSection } from './changes-section.ts';
import { howToRestore } from './how-to-restore.ts';
import type { RestoreCommand } from './restore-command.ts';
import { type Durations, formatDurations } from '../../runner/durations.ts';
import { code, escaped, table } from '../../runner/markdown.ts';

/** The server on which a backup was restored and verified. */
export interface TestRestoredOn {
  readonly serverVersion: string;
  readonly address: string;
}

/** The contents of the summary of a backup. */
export interface BackupSummary extends PublishedBackup, Durations {
  readonly database: string;
  readonly address: string;
  readonly serverVersion: string;
  readonly clientVersion: string;
  readonly encoding: string;
  readonly databaseBytes: number;
  readonly compression: string;
  /** Undefined: it was dumped as one stream. */
  readonly parallel: ParallelOutcome | undefined;
  /** Undefined: not encrypted. */
  readonly encryption: Encryption | undefined;
  readonly comparison: Comparison | undefined;
  /** Without names where nothing of the content may show. */
  readonly notIncluded: readonly NotIncluded[];
  /** Who else can read it, because it is not encrypted; undefined: nobody. */
  readonly exposure: Exposure | undefined;
  /** Undefined where nothing of it may show. */
  readonly content: Manifest | undefined;
  /** Undefined without a test restore. */
  readonly testRestore: TestRestoredOn | undefined;
  /** The list of backups in each store, as a section; none where they could not be listed. */
  readonly series: readonly string[];
  /** `owner/name`. */
  readonly repository: string;
  readonly restoring: RestoreCommand;
}

/** The job summary of a verified backup, as GitHub-flavoured Markdown. */
export function backupSummary(backup: BackupSummary): string {
  const copy = artifactOf(backup) ?? backup.copies[0];
  if (!copy) throw new Error('The backup is not stored.');
  return [
    ...headline(backup),
    ...(backup.exposure && artifactOf(backup) ? [caution(backup.exposure)] : []),
    facts(backup),
    ...(backup.content ? [largestTables(backup.content.tables) ?? 'The archive contains no rows.'] : []),
    ...(backup.comparison ? [changesSection(backup.comparison)] : []),
    notIncludedSection(backup.notIncluded),
    howToRestore(backup, copy),
    ...backup.series,
    '',
  ].join('\n\n');
}

function headline({ database, testRestore, notReadBack, unchanged }: BackupSummary): string[] {
  if (unchanged) {
    return [
      `## ✅ ${code(database)} is unchanged since its last backup`,
      'A new dump was read back with `pg_restore` and has the same content as the stored backup, so it was not stored.',
    ];
  }
  return [
    `## ✅ ${code(database)} is backed up and verified`,
    [
      testRestore
        ? 'The whole archive was read back with `pg_restore`, restored into a scratch database and compared row by row.'
        : 'The whole archive was read back with `pg_restore`.',
      ...(notReadBack.length === 0 ? ['The stored copy was read back, and has the same bytes.'] : []),
    ].join(' '),
  ];
}

function caution(exposure: Exposure): string {
  return `> [!CAUTION]\n> **${describeExposure(exposure)}** <code>allow-plaintext-on-public</code> allows it.`;
}

function facts(backup: BackupSummary): string {
  const { copies, content } = backup;
  const { size = 0, sha256 = '' } = copies[0] ?? {};
  const ratio = size > 0 ? backup.databaseBytes / size : 0;
  const smaller = ratio > 1 ? `, ${ratio.toFixed(1)} times smaller than the database` : '';
  const rows = [
    ...copies.flatMap((copy) => storedRows(copy, backup.retention)),
    [
      'Database',
      `${code(backup.database)} on ${code(backup.address)}, PostgreSQL ${escaped(backup.serverVersion)}, ` +
        `${bytes(backup.databaseBytes)}, ${escaped(backup.encoding)}`,
    ],
    [
      'Archive',
      `**${bytes(size)}**${smaller}; pg_dump ${escaped(backup.clientVersion)}, ${escaped(backup.compression)}`,
    ],
    ...(backup.parallel ? [['Dump', describeParallel(backup.parallel)]] : []),
    ...(backup.encryption ? [['Encryption', `age, to **${encryptedTo(backup.encryption)}**`]] : []),
    ...(content ? [['Contents', `**${describeContents(content)}**`]] : []),
    ...(backup.testRestore ? [['Test restore', describeTestRestore(backup.testRestore)]] : []),
    ...backup.notReadBack.map((why) => ['Stored copy', `**${escaped(why)}**`]),
    ['SHA-256 of the file', `<code>${sha256}</code>`],
    ...(content ? [['Content digest', `<code>${content.contentDigest}</code>`]] : []),
    ['Duration', formatDurations(backup)],
  ];
  const [first = [], ...rest] = rows;
  return table(first, rest, ['left', 'left']);
}

function storedRows({ name, location, expiresAt }: StoredBackup, retention: string): string[][] {
  if (location.kind === 'file') return [['File', code(location.path)]];
  if (location.kind === 'object') {
    return [
      ['Object', code(location.url)],
      ['Kept until', 'the prune action or a lifecycle rule of the bucket deletes it'],
    ];
  }
  const until = expiresAt ? [['Kept until', `**${minute(expiresAt)}** (${escaped(retention)})`]] : [];
  return [['Artifact', nameOf({ name, page: location.page })], ...until];
}

function artifactOf({ copies }: BackupSummary): StoredBackup | undefined {
  return copies.find(({ location }) => location.kind === 'artifact');
}

function describeParallel({ jobs, diskBytes }: ParallelOutcome): string {
  return `over ${jobs} connections; up to ${bytes(diskBytes)} of the runner's disk`;
}

function describeTestRestore({ serverVersion, address }: TestRestoredOn): string {
  return `**restored and verified to be identical** on ${code(address)}, PostgreSQL ${escaped(serverVersion)}`;
}
