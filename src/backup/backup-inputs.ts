import * as core from '@actions/core';
import { type Encryption, maskAgeInputs, readEncryption } from '../age/age-inputs.ts';
import { checkedBackupName } from '../storage/backup-name.ts';
import { type StoreLine, readStores } from '../storage/store-inputs.ts';
import { type Compression, compression } from './compression.ts';
import { readLossPolicy } from '../history/loss-inputs.ts';
import type { LossPolicy } from '../history/row-losses.ts';
import type { DumpFilters } from './dump/dump-filters.ts';
import { maskConnectionSecrets, maskSecret } from '../runner/inputs/mask.ts';
import { schemaNames } from '../runner/inputs/schema-names.ts';
import { UserError } from '../errors.ts';
import { commandWords, oneOf, patternLines } from '../runner/inputs/parsers.ts';
import { checkedDumpArguments } from './dump/pg-dump-args.ts';
import { type ServerInputs, readServerInputs } from '../postgres/server-inputs.ts';
import { booleanInput, jobsInput, optional, wholeNumberInput } from '../runner/inputs/action-inputs.ts';

const AUTOMATIC_MAJOR = 17;

/** The inputs of the backup action, checked. */
export interface BackupInputs extends ServerInputs {
  /** Undefined: the database's name. */
  readonly backupName: string | undefined;
  readonly retentionDays: number;
  readonly compression: Compression;
  /** With how many connections `pg_dump` works. */
  readonly jobs: number;
  readonly filters: DumpFilters;
  readonly dumpArguments: readonly string[];
  /** Where the backup is stored: one copy in each. */
  readonly stores: readonly StoreLine[];
  /** Undefined: the backup is not encrypted. */
  readonly encryption: Encryption | undefined;
  /** Whether a backup that everyone can read may be uploaded. */
  readonly allowPlaintextOnPublic: boolean;
  readonly allowPooler: boolean;
  /** The connection string of the server for the test restore; undefined for none. */
  readonly testServer: string | undefined;
  /** The schemas in which the test restore finds what has no schema in the backup; empty for none. */
  readonly searchPath: readonly string[];
  /** Which losses of rows are a warning. */
  readonly losses: LossPolicy;
  /** Whether an unchanged database is not stored again. */
  readonly skipIfUnchanged: boolean;
  /** Empty when there is none. */
  readonly githubToken: string;
}

/**
 * Reads the inputs that `action.yml` names, and has the runner mask the secrets among them before anything else is
 * printed.
 *
 * @param workspace the folder whose `.env` file may hold the connection string.
 * @throws UserError naming the input, what was wrong and what to write.
 */
export async function readBackupInputs(workspace: string): Promise<BackupInputs> {
  maskSecrets();
  const server = await readServerInputs(workspace);
  const { postgresVersion: version } = server;
  // With `auto`, the tools are never too old for a method's name.
  const major = version.kind === 'major' ? version.major : AUTOMATIC_MAJOR;
  return {
    ...server,
    backupName: optional('backup-name', checkedBackupName),
    retentionDays: wholeNumberInput('retention-days', { min: 1, max: 400, counts: 'days', example: 30 }),
    compression: compression('compression', core.getInput('compression'), major),
    jobs: jobsOfDump(),
    filters: {
      schemas: patternLines('schemas', core.getInput('schemas')),
      excludeSchemas: patternLines('exclude-schemas', core.getInput('exclude-schemas')),
      tables: patternLines('tables', core.getInput('tables')),
      excludeTables: patternLines('exclude-tables', core.getInput('exclude-tables')),
      excludeTableData: patternLines('exclude-table-data', core.getInput('exclude-table-data')),
    },
    dumpArguments: checkedDumpArguments(
      'pg-dump-args',
      commandWords('pg-dump-args', core.getInput('pg-dump-args')),
    ),
    stores: readStores('storage', core.getInput('storage')),
    encryption: await readEncryption({
      recipients: core.getInput('age-recipients'),
      passphrase: core.getInput('age-passphrase', { trimWhitespace: false }),
    }),
    allowPlaintextOnPublic: booleanInput('allow-plaintext-on-public'),
    allowPooler: booleanInput('allow-pooler'),
    testServer: optional('verify-connection-string'),
    searchPath: searchPathOfTest(),
    losses: readLossPolicy(),
    skipIfUnchanged: oneOf('if-unchanged', core.getInput('if-unchanged'), ['upload', 'skip']) === 'skip',
    githubToken: core.getInput('github-token'),
  };
}

/** All connections of a dump see the same snapshot, which only one server has. */
function jobsOfDump(): number {
  const jobs = jobsInput();
  if (jobs === 1 || !booleanInput('allow-pooler')) return jobs;
  throw new UserError(
    'invalid-input',
    `jobs: ${jobs} cannot be combined with "allow-pooler: true": all connections of the dump must be sessions of one server, which a pooler does not guarantee.`,
    'Use the direct connection string of the database, without allow-pooler, or set "jobs: 1".',
  );
}

/** A backup itself needs none: `pg_dump` writes names with their schemas. */
function searchPathOfTest(): readonly string[] {
  const searchPath = schemaNames('search-path', core.getInput('search-path'));
  if (searchPath.length === 0 || core.getInput('verify-connection-string') !== '') return searchPath;
  throw new UserError(
    'invalid-input',
    'search-path is for the test restore of a backup, and verify-connection-string is not set.',
    'Set verify-connection-string, or write search-path at the restore action.',
  );
}

/** Before anything else is read: an error may quote an input. */
function maskSecrets(): void {
  maskSecret(core.getInput('ssl-key'));
  maskSecret(core.getInput('github-token'));
  maskAgeInputs();
  maskConnectionSecrets(core.getInput('verify-connection-string'));
}
