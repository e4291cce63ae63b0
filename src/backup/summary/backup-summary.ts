import type { Manifest } from '../../archive/content/manifest.ts';
import { type Encryption, encryptedTo } from '../../age/age-inputs.ts';
import { bytes, minute } from '../../runner/format.ts';
import { type Exposure, describeExposure } from '../../github/privacy.ts';
import { describeContents, largestTables } from '../../archive/content-summary.ts';
import { type Durations, formatDurations } from '../../runner/durations.ts';
import { code, escaped, shell, shellWord, table } from '../../runner/markdown.ts';

/** The server on which a backup was restored and verified. */
export interface TestRestoredOn {
  readonly serverVersion: string;
  readonly address: string;
}

/** The contents of the summary of a backup. */
export interface BackupSummary extends Durations {
  readonly database: string;
  readonly address: string;
  readonly serverVersion: string;
  readonly clientVersion: string;
  readonly encoding: string;
  readonly databaseBytes: number;
  readonly size: number;
  readonly sha256: string;
  readonly compression: string;
  /** Undefined: not encrypted. */
  readonly encryption: Encryption | undefined;
  /** Who else can read it, because it is not encrypted; undefined: nobody. */
  readonly exposure: Exposure | undefined;
  readonly manifest: Manifest;
  /** Undefined without a test restore. */
  readonly testRestore: TestRestoredOn | undefined;
  /** Undefined when the backup was not uploaded. */
  readonly artifact:
    | {
        readonly id: number;
        readonly name: string;
        readonly sha256: string;
        readonly url: string;
        readonly repository: string;
        readonly expiresAt: Date;
        readonly retention: string;
      }
    | undefined;
  /** Whether the artifact is a previous backup with the same content. */
  readonly unchanged: boolean;
  /** The list of backups, as a section; undefined when they could not be listed. */
  readonly series: string | undefined;
  /** The path of the file on the runner's disk. */
  readonly keptAt: string | undefined;
}

/** The job summary of a verified backup, as GitHub-flavoured Markdown. */
export function backupSummary(backup: BackupSummary): string {
  return [
    ...headline(backup),
    ...(backup.exposure ? [caution(backup.exposure)] : []),
    facts(backup),
    largestTables(backup.manifest.tables) ?? 'The archive contains no rows.',
    howToRestore(backup),
    ...(backup.series === undefined ? [] : [backup.series]),
    '',
  ].join('\n\n');
}

function headline({ database, testRestore, unchanged }: BackupSummary): string[] {
  if (unchanged) {
    return [
      `## ✅ ${code(database)} is unchanged since its last backup`,
      'A new dump was read back with `pg_restore` and has the same content as the stored backup, so it was not uploaded.',
    ];
  }
  return [
    `## ✅ ${code(database)} is backed up and verified`,
    testRestore
      ? 'The whole archive was read back with `pg_restore`, restored into a scratch database and compared row by row before it was stored.'
      : 'The whole archive was read back with `pg_restore` before it was stored.',
  ];
}

function caution(exposure: Exposure): string {
  return `> [!CAUTION]\n> **${describeExposure(exposure)}** <code>allow-plaintext-on-public</code> allows it.`;
}

function facts(backup: BackupSummary): string {
  const { artifact, manifest } = backup;
  const ratio = backup.size > 0 ? backup.databaseBytes / backup.size : 0;
  const smaller = ratio > 1 ? `, ${ratio.toFixed(1)} times smaller than the database` : '';
  const rows = [
    ...(artifact
      ? [
          ['Artifact', `<a href="${encodeURI(artifact.url)}">${escaped(artifact.name)}</a>`],
          ['Kept until', `**${minute(artifact.expiresAt)}** (${escaped(artifact.retention)})`],
        ]
      : []),
    ...(backup.keptAt === undefined ? [] : [['File', code(backup.keptAt)]]),
    [
      'Database',
      `${code(backup.database)} on ${code(backup.address)}, PostgreSQL ${escaped(backup.serverVersion)}, ` +
        `${bytes(backup.databaseBytes)}, ${escaped(backup.encoding)}`,
    ],
    [
      'Archive',
      `**${bytes(backup.size)}**${smaller}; pg_dump ${escaped(backup.clientVersion)}, ${escaped(backup.compression)}`,
    ],
    ...(backup.encryption ? [['Encryption', `age, to **${encryptedTo(backup.encryption)}**`]] : []),
    ['Contents', `**${describeContents(manifest)}**`],
    ...(backup.testRestore ? [['Test restore', describeTestRestore(backup.testRestore)]] : []),
    ['SHA-256 of the file', `<code>${backup.sha256}</code>`],
    ['Content digest', `<code>${manifest.contentDigest}</code>`],
    ['Duration', formatDurations(backup)],
  ];
  const [first = [], ...rest] = rows;
  return table(first, rest, ['left', 'left']);
}

function describeTestRestore({ serverVersion, address }: TestRestoredOn): string {
  return `**restored and verified to be identical** on ${code(address)}, PostgreSQL ${escaped(serverVersion)}`;
}

/** `--no-privileges` is not advised: without its REVOKEs everybody may execute every function. */
const MISSING_ROLES =
  'If the server lacks a role of the backup, or you may not act for it, `pg_restore` changes nothing and names it. ' +
  'Create the role, or use the restore action: it leaves out only what needs that role, and says what.';

function howToRestore(backup: BackupSummary): string {
  const { artifact, keptAt = '' } = backup;
  const name = artifact?.name ?? keptAt;
  const file = shellWord(name);
  const lines = [
    ...(artifact
      ? [
          '# download it (with the GitHub CLI, signed in; or click on the artifact above)',
          `gh api repos/${artifact.repository}/actions/artifacts/${artifact.id}/zip > ${file}`,
        ]
      : []),
    '# check that it is the verified file',
    `echo ${shellWord(`${artifact?.sha256 ?? backup.sha256}  ${name}`)} | sha256sum --check`,
    ...(backup.encryption ? decryption(backup.encryption, name) : []),
    '# restore it with owners and privileges into an empty database, with client tools of the same major version or newer',
    `pg_restore --exit-on-error --single-transaction --dbname="$TARGET_DATABASE_URL" ${shellWord(plaintextName(name))}`,
  ];
  return `### Restore this backup\n\n${shell(lines)}\n\n${MISSING_ROLES}`;
}

/** age asks for a passphrase by itself. */
function decryption({ to }: Encryption, name: string): string[] {
  const identity = to === 'recipients' ? ' --identity key.txt' : '';
  return [
    `# decrypt it with age (https://age-encryption.org)${to === 'recipients' ? '; key.txt contains your secret key' : ''}`,
    `age --decrypt${identity} --output ${shellWord(plaintextName(name))} ${shellWord(name)}`,
  ];
}

function plaintextName(name: string): string {
  return name.replace(/\.age$/, '');
}
