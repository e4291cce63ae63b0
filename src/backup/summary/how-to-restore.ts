import type { Encryption } from '../../age/age-inputs.ts';
import { NEW_SETTING } from '../../postgres/older-server.ts';
import { quotedIdentifier } from '../../postgres/sql-text.ts';
import { shell, shellWord } from '../../runner/markdown.ts';
import type { StoredBackup } from '../../storage/store.ts';
import type { RestoreCommand } from './restore-command.ts';

/** What is restored, and from where. */
interface Restored {
  readonly encryption: Encryption | undefined;
  /** `owner/name`. */
  readonly repository: string;
  readonly restoring: RestoreCommand;
}

/** `--no-privileges` is not advised: without its REVOKEs everybody may execute every function. */
const MISSING_ROLES =
  'If the server lacks a role of the backup, or you may not act for it, nothing is changed and the error names it. ' +
  'Create the role, or use the restore action: it leaves out only what needs that role, and says what.';

/** More lines than `pg_restore` writes before the first row. */
const PREAMBLE_LINES = 30;
const TARGET = '--dbname="$TARGET_DATABASE_URL"';
/** Names that are the same to a shell, in Markdown and in a log. */
const PLAIN_NAME = /^[\p{L}\p{N}_$ .-]+$/u;

/** The commands that restore a backup, for a shell of Linux or macOS, as a section of the summary. */
export function howToRestore({ encryption, repository, restoring }: Restored, copy: StoredBackup): string {
  const { location, sha256 = '' } = copy;
  const name = location.kind === 'file' ? location.path : copy.name;
  const archive = name.replace(/\.age$/, '');
  const lines = [
    ...download(copy, repository),
    '# check that it is the verified file',
    `echo ${shellWord(`${sha256}  ${name}`)} | $(command -v sha256sum || echo shasum -a 256) --check`,
    ...(encryption ? decryption(encryption, name, archive) : []),
    '# restore it with owners and privileges into an empty database, with client tools of the same major version or newer',
    ...restoration(restoring, archive),
  ];
  return `### Restore this backup\n\n${shell(lines)}\n\n${MISSING_ROLES}`;
}

function download({ name, location }: StoredBackup, repository: string): string[] {
  const file = shellWord(name);
  switch (location.kind) {
    case 'artifact':
      return [
        '# download it (with the GitHub CLI, signed in; or click on the artifact above)',
        `gh api repos/${repository}/actions/artifacts/${location.id}/zip > ${file}`,
      ];
    case 'object': {
      const { url, endpoint, region } = location;
      const service = endpoint === undefined ? '' : ` --endpoint-url ${shellWord(endpoint)}`;
      return [
        '# download it (with the AWS CLI, and credentials that may read the bucket)',
        `aws s3 cp --region ${shellWord(region)}${service} ${shellWord(url)} ${file}`,
      ];
    }
    case 'file':
      return [];
  }
}

/** age asks for a passphrase by itself. */
function decryption({ to }: Encryption, name: string, archive: string): string[] {
  const identity = to === 'recipients' ? ' --identity key.txt' : '';
  return [
    `# decrypt it with age (https://age-encryption.org)${to === 'recipients' ? '; key.txt contains your secret key' : ''}`,
    `age --decrypt${identity} --output ${shellWord(archive)} ${shellWord(name)}`,
  ];
}

/** One transaction, of which psql, too, gets the COMMIT only from a `pg_restore` that has come to its end. */
function restoration(
  { throughPsql, createsPublic, schemasNeeded }: RestoreCommand,
  archive: string,
): string[] {
  const list = shellWord(`${archive}.list`);
  const words = [
    'pg_restore --exit-on-error --single-transaction',
    ...(createsPublic ? [`--use-list=${list}`] : []),
    throughPsql ? '--file=-' : TARGET,
    shellWord(archive),
  ].join(' ');
  return [
    ...neededSchemas(schemasNeeded),
    ...(createsPublic
      ? [`pg_restore --list ${shellWord(archive)} | sed '/^[0-9; ]* SCHEMA - public /d' > ${list}`]
      : []),
    ...(throughPsql
      ? [
          `${words} |`,
          `  LC_ALL=C sed '1,${PREAMBLE_LINES}s/^SET ${NEW_SETTING.name} /-- &/' |`,
          `  psql --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1 ${TARGET}`,
        ]
      : [words]),
  ];
}

function neededSchemas(schemas: readonly string[] | undefined): string[] {
  if (schemas?.length === 0) return [];
  if (!schemas?.every((name) => PLAIN_NAME.test(name)))
    return ['# (it contains tables without their schemas: create these in the database first)'];
  const sql = schemas.map((name) => `CREATE SCHEMA IF NOT EXISTS ${quotedIdentifier(name)};`).join(' ');
  return [`psql ${TARGET} --command=${shellWord(sql)}`];
}
