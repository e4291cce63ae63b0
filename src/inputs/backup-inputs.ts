import * as core from '@actions/core';
import { UserError } from '../errors.ts';
import { type Encryption, ageSecrets, readEncryption } from './age-inputs.ts';
import { checkedBackupName } from './backup-name.ts';
import { type Compression, compression } from './compression.ts';
import { type ConnectionSource, findConnectionString } from './connection-source.ts';
import type { DumpFilters } from './dump-filters.ts';
import { maskConnectionSecrets, maskSecret } from './mask.ts';
import { type PostgresVersion, postgresVersion } from './postgres-version.ts';
import { checkedDumpArguments } from './pg-dump-args.ts';
import { type TlsTexts, pemText } from './pem.ts';
import { booleanValue, commandWords, lines, wholeNumber } from './parsers.ts';

const AUTOMATIC_MAJOR = 17;

/** Where the backup goes: an artifact, a file that the user keeps, or both. */
export type Destination =
  | { readonly upload: true; readonly keepAt: string | undefined }
  | { readonly upload: false; readonly keepAt: string };

/** The inputs of the backup action, checked: a value of this type can be worked with. */
export interface BackupInputs {
  readonly connection: ConnectionSource;
  readonly postgresVersion: PostgresVersion;
  readonly checkLatest: boolean;
  readonly addToPath: boolean;
  /** Undefined: the database's name. */
  readonly backupName: string | undefined;
  readonly retentionDays: number;
  readonly compression: Compression;
  readonly filters: DumpFilters;
  readonly dumpArguments: readonly string[];
  readonly destination: Destination;
  /** Undefined: the backup is not encrypted. */
  readonly encryption: Encryption | undefined;
  readonly connectionAttempts: number;
  readonly allowPooler: boolean;
  /** PEM texts. */
  readonly tls: TlsTexts;
  readonly aptMirror: string | undefined;
  readonly aptSigningKey: string | undefined;
}

/**
 * Reads the inputs, and has the runner mask the secrets among them before anything else is printed. The inputs
 * are those that `action.yml` names.
 *
 * @param workspace the folder whose `.env` file may hold the connection string.
 * @throws UserError naming the input, what was wrong and what to write.
 */
export async function readBackupInputs(workspace: string): Promise<BackupInputs> {
  const connection = await findConnectionString({
    input: 'connection-string',
    // Not trimmed: the connection rules tell the user about white space.
    inputValue: core.getInput('connection-string', { trimWhitespace: false }),
    environmentValue: process.env['DATABASE_URL'],
    workspace,
  });
  maskConnectionSecrets(connection.value);
  const passphrase = core.getInput('age-passphrase', { trimWhitespace: false });
  for (const secret of ageSecrets(passphrase)) maskSecret(secret);
  const version = postgresVersion('postgres-version', core.getInput('postgres-version'));
  // `auto` takes no tools that are too old for a method's name.
  const major = version.kind === 'major' ? version.major : AUTOMATIC_MAJOR;
  return {
    connection,
    postgresVersion: version,
    checkLatest: booleanValue('check-latest', core.getInput('check-latest')),
    addToPath: booleanValue('add-to-path', core.getInput('add-to-path')),
    backupName: optional('backup-name', checkedBackupName),
    retentionDays: wholeNumberInput('retention-days', { min: 1, max: 400 }),
    compression: compression('compression', core.getInput('compression'), major),
    filters: {
      schemas: lines(core.getInput('schemas')),
      excludeSchemas: lines(core.getInput('exclude-schemas')),
      tables: lines(core.getInput('tables')),
      excludeTables: lines(core.getInput('exclude-tables')),
      excludeTableData: lines(core.getInput('exclude-table-data')),
    },
    dumpArguments: checkedDumpArguments(
      'pg-dump-args',
      commandWords('pg-dump-args', core.getInput('pg-dump-args')),
    ),
    destination: destination(booleanValue('upload', core.getInput('upload')), core.getInput('path')),
    encryption: await readEncryption({ recipients: core.getInput('age-recipients'), passphrase }),
    connectionAttempts: wholeNumberInput('connection-attempts', { min: 1, max: 20 }),
    allowPooler: booleanValue('allow-pooler', core.getInput('allow-pooler')),
    tls: tlsTexts(),
    aptMirror: optional('apt-mirror'),
    aptSigningKey: optional('apt-signing-key'),
  };
}

function tlsTexts(): TlsTexts {
  const key = core.getInput('ssl-key');
  maskSecret(key);
  return {
    rootCertificate: optional('ssl-root-cert', (input, value) => pemText(input, value, 'CERTIFICATE')),
    certificate: optional('ssl-cert', (input, value) => pemText(input, value, 'CERTIFICATE')),
    key: optional('ssl-key', (input, value) => pemText(input, value, 'PRIVATE KEY')),
  };
}

function destination(upload: boolean, keepAt: string): Destination {
  if (upload) return { upload, keepAt: keepAt === '' ? undefined : keepAt };
  if (keepAt !== '') return { upload, keepAt };
  throw new UserError(
    'upload: the value is false and path is empty, so the backup would be kept nowhere.',
    'Set "path" to where the file should be, for example "path: backups/", or remove "upload: false".',
  );
}

function wholeNumberInput(name: string, range: { min: number; max: number }): number {
  return wholeNumber(name, core.getInput(name), range);
}

function optional(
  name: string,
  check: (input: string, value: string) => string = (_, value) => value,
): string | undefined {
  const value = core.getInput(name);
  return value === '' ? undefined : check(name, value);
}
