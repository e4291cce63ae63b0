import * as core from '@actions/core';
import { type DecryptionKeys, maskAgeInputs, readDecryptionKeys } from '../age/age-inputs.ts';
import { type BackupSource, backupSource } from './backup-source.ts';
import { maskSecret } from '../runner/inputs/mask.ts';
import { schemaNames } from '../runner/inputs/schema-names.ts';
import { commandWords, patternLines } from '../runner/inputs/parsers.ts';
import { checkedRestoreArguments } from './pg-restore-args.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { type ServerInputs, readServerInputs } from '../postgres/server-inputs.ts';
import { booleanInput, jobsInput, optional } from '../runner/inputs/action-inputs.ts';

/** What of a backup is restored, as patterns of psql. Without any, everything is. */
export interface RestoreFilters {
  readonly schemas: readonly string[];
  readonly tables: readonly string[];
}

/** The inputs of the restore action, checked: a value of this type can be worked with. */
export interface RestoreInputs extends ServerInputs {
  readonly source: BackupSource;
  /** Asks GitHub who can read what the job prints, and for the artifact; empty when there is none. */
  readonly githubToken: string;
  /** Undefined: no key is given, and an encrypted backup cannot be opened. */
  readonly keys: DecryptionKeys | undefined;
  readonly filters: RestoreFilters;
  /** Whether existing objects of the same name may be replaced. */
  readonly clean: boolean;
  /** The name of the database that may be written to although it is not empty. */
  readonly confirmDatabase: string | undefined;
  readonly noOwner: boolean;
  readonly noPrivileges: boolean;
  /** The schemas in which the restore finds what has no schema in the backup; empty for none. */
  readonly searchPath: readonly string[];
  /** Whether the settings, privileges, comment and owner of the database itself are set in the target. */
  readonly databaseSettings: boolean;
  /** Undefined: one connection and one transaction. */
  readonly jobs: number | undefined;
  /** Whether the restored tables are verified. */
  readonly verify: boolean;
  /** More words for `pg_restore`, none of which the action settles itself. */
  readonly restoreArguments: readonly string[];
}

/**
 * Reads the inputs, and has the runner mask the secrets among them before anything else is printed. The inputs
 * are those that `restore/action.yml` names.
 *
 * @throws UserError naming the input, what was wrong and what to write.
 */
export async function readRestoreInputs({
  workspace,
  repository,
}: Pick<RunnerEnvironment, 'workspace' | 'repository'>): Promise<RestoreInputs> {
  maskSecrets();
  return {
    ...(await readServerInputs(workspace)),
    source: readSource(repository),
    githubToken: core.getInput('github-token'),
    keys: await readDecryptionKeys({
      identity: core.getInput('age-identity', { trimWhitespace: false }),
      passphrase: core.getInput('age-passphrase', { trimWhitespace: false }),
    }),
    filters: {
      schemas: patternLines('schemas', core.getInput('schemas')),
      tables: patternLines('tables', core.getInput('tables')),
    },
    clean: booleanInput('clean'),
    confirmDatabase: optional('confirm-database'),
    noOwner: booleanInput('no-owner'),
    noPrivileges: booleanInput('no-privileges'),
    databaseSettings: booleanInput('database-settings'),
    jobs: core.getInput('jobs') === '' ? undefined : jobsInput(),
    searchPath: schemaNames('search-path', core.getInput('search-path')),
    verify: booleanInput('verify'),
    restoreArguments: checkedRestoreArguments(
      'pg-restore-args',
      commandWords('pg-restore-args', core.getInput('pg-restore-args')),
    ),
  };
}

function readSource(ownRepository: string): BackupSource {
  const texts = {
    storage: core.getInput('storage'),
    backup: core.getInput('backup'),
    backupName: core.getInput('backup-name'),
    path: core.getInput('path'),
    repository: core.getInput('repository'),
    token: core.getInput('github-token'),
  };
  return backupSource(texts, ownRepository);
}

/** Before anything else is read: an error may quote what it is about. */
function maskSecrets(): void {
  maskSecret(core.getInput('ssl-key'));
  maskSecret(core.getInput('github-token'));
  maskAgeInputs();
}
