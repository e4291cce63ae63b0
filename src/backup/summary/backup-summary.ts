import type { Manifest } from '../../archive/content/manifest.ts';
import { type Encryption, encryptedTo } from '../../age/age-inputs.ts';
import { bytes, minute } from '../../runner/format.ts';
import { type Exposure, exposureInWords } from '../../github/privacy.ts';
import { contentsInWords, largestTables } from '../../archive/content-summary.ts';
import { type Durations, durationsInWords } from '../../runner/durations.ts';
import { code, escaped, shell, shellWord, table } from '../../runner/markdown.ts';

/** The server on which a backup was restored and proven. */
export interface RehearsedOn {
  readonly serverVersion: string;
  readonly address: string;
}

/** Everything that the summary of a backup tells. */
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
  /** Undefined: anyone who has the file can read it. */
  readonly encryption: Encryption | undefined;
  /** Who else can read it, because it is not encrypted; undefined: nobody. */
  readonly exposure: Exposure | undefined;
  readonly manifest: Manifest;
  /** Undefined: not testRestore. */
  readonly rehearsal: RehearsedOn | undefined;
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
  /** Whether the artifact was there before, and holds the same. */
  readonly unchanged: boolean;
  /** The series, as a section; undefined when it could not be listed. */
  readonly series: string | undefined;
  /** Where the file was kept on the runner's disk. */
  readonly keptAt: string | undefined;
}

/** The job summary of a backup that was proven, as GitHub-flavoured Markdown. */
export function backupSummary(backup: BackupSummary): string {
  return [
    ...headline(backup),
    ...(backup.exposure ? [caution(backup.exposure)] : []),
    facts(backup),
    largestTables(backup.manifest.tables) ?? 'The archive holds no table rows.',
    wayBack(backup),
    ...(backup.series === undefined ? [] : [backup.series]),
    '',
  ].join('\n\n');
}

function headline({ database, rehearsal, unchanged }: BackupSummary): string[] {
  if (unchanged) {
    return [
      `## ✅ ${code(database)} is unchanged, and its backup is still there`,
      'A fresh dump was read back with `pg_restore`, and holds the same as the stored backup. Nothing was uploaded.',
    ];
  }
  return [
    `## ✅ ${code(database)} is backed up and proven`,
    rehearsal
      ? 'The whole archive was read back with `pg_restore`, restored into a scratch database and compared row by row before it was kept.'
      : 'The whole archive was read back with `pg_restore` before it was kept.',
  ];
}

/** Red on GitHub. */
function caution(exposure: Exposure): string {
  return `> [!CAUTION]\n> **${exposureInWords(exposure)}** <code>allow-plaintext-on-public</code> allowed it.`;
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
    ['Contents', `**${contentsInWords(manifest)}**`],
    ...(backup.rehearsal ? [['Rehearsal', rehearsalInWords(backup.rehearsal)]] : []),
    ['SHA-256 of the file', `<code>${backup.sha256}</code>`],
    ['Content digest', `<code>${manifest.contentDigest}</code>`],
    ['Duration', durationsInWords(backup)],
  ];
  const [first = [], ...rest] = rows;
  return table(first, rest, ['left', 'left']);
}

function rehearsalInWords({ serverVersion, address }: RehearsedOn): string {
  return `**restored and proven identical** on ${code(address)}, PostgreSQL ${escaped(serverVersion)}; dropped again`;
}

function wayBack(backup: BackupSummary): string {
  const { artifact, keptAt = '' } = backup;
  const name = artifact?.name ?? keptAt;
  const file = shellWord(name);
  const lines = [
    ...(artifact
      ? [
          '# fetch it (GitHub CLI, signed in; or click on the artifact above)',
          `gh api repos/${artifact.repository}/actions/artifacts/${artifact.id}/zip > ${file}`,
        ]
      : []),
    '# make sure that it is the file that was proven',
    `echo ${shellWord(`${artifact?.sha256 ?? backup.sha256}  ${name}`)} | sha256sum --check`,
    ...(backup.encryption ? decryption(backup.encryption, name) : []),
    '# restore it into an empty database, with PostgreSQL client tools of this major version or a newer one',
    `pg_restore --no-owner --no-privileges --exit-on-error --single-transaction --dbname="$TARGET_DATABASE_URL" ${shellWord(plaintextName(name))}`,
  ];
  return `### How to bring it back\n\n${shell(lines)}`;
}

/** age asks for a passphrase by itself. */
function decryption({ to }: Encryption, name: string): string[] {
  const identity = to === 'recipients' ? ' --identity key.txt' : '';
  return [
    `# decrypt it with age (https://age-encryption.org)${to === 'recipients' ? '; key.txt holds your secret key' : ''}`,
    `age --decrypt${identity} --output ${shellWord(plaintextName(name))} ${shellWord(name)}`,
  ];
}

function plaintextName(name: string): string {
  return name.replace(/\.age$/, '');
}
