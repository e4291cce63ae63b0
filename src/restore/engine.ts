import type { ReadBack } from '../archive/read-back.ts';
import type { ExpectedContents } from './verify/compare-contents.ts';
import { withNeededLocks } from '../postgres/needed-locks.ts';
import { locksOf } from './apply/restore-locks.ts';
import { restoreArchive } from './apply/pg-restore.ts';
import type { DeferredChecks, RestoreRequest } from './apply/restore-request.ts';
import {
  type RestorePlan,
  expectedContents,
  planLines,
  planRestore,
  presentIdentities,
} from './plan/plan.ts';
import { ADD_CHECKS, dropChecks } from './plan/check-blocks.ts';
import { withBrokenChecks } from './plan/plan-broken-checks.ts';
import { type Omission, describeOmission, verbOf, withoutNames } from './plan/omission.ts';
import type { RestoreOptions } from './plan/plan-request.ts';
import { isReadable } from '../archive/archive-script.ts';
import { encodingOf, largeObjectIdsOf } from '../archive/toc/archive-facts.ts';
import type { RecordedGeneratedValues } from '../storage/record.ts';
import { GENERATED_NOT_COMPARED, compareGenerated } from './verify/compare-generated.ts';
import type { SchemaExpectation } from './verify/schema-expectation.ts';
import { findBrokenChecks } from './verify/broken-checks.ts';
import { verifyDatabase } from './verify/verify-database.ts';
import { verifyRestore } from './verify/verify-restore.ts';
import {
  type SchemaVerification,
  describeSchemaVerification,
  describeSilently,
  verifySchema,
} from './verify/verify-schema.ts';
import type { TableOfContents, TocEntry } from '../archive/toc/table-of-contents.ts';
import { examineTarget } from './plan/target.ts';
import { databaseDifferences, planDatabase, withDatabase } from './plan/plan-database.ts';
import { refusedChanges } from './plan/try-database.ts';
import { labelProviders } from './plan/label-providers.ts';
import { count, duration } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { plainLine } from '../runner/plain-text.ts';
import type { PgSession } from '../postgres/session.ts';
import { quotedIdentifier } from '../postgres/sql-text.ts';

/** An archive that was read back whole, and what its table of contents says. */
export interface VerifiedArchive {
  readonly path: string;
  readonly contents: TableOfContents;
  readonly readBack: ReadBack;
}

/** The database that is restored into. */
export interface Target {
  readonly session: PgSession;
  readonly serverMajor: number;
  readonly workFolder: string;
}

/** How `pg_restore` is to work. */
export interface RestoreSettings {
  readonly options: RestoreOptions;
  readonly restoreArguments: readonly string[];
}

/** How a backup is restored whole into an empty database for a test: owners do not matter there. */
export const FULL_RESTORE: RestoreSettings = {
  options: {
    filters: { schemas: [], tables: [] },
    clean: false,
    confirmDatabase: undefined,
    noOwner: true,
    noPrivileges: true,
    kindsLeftOut: new Set(),
    databaseSettings: false,
    jobs: undefined,
    role: undefined,
    searchPath: [],
    forTest: true,
  },
  restoreArguments: [],
};

/**
 * Looks at the target and decides what is to be done to it.
 *
 * @throws UserError when it must not be changed so; the signal's reason.
 */
export async function makePlan(
  { contents }: VerifiedArchive,
  { session }: Target,
  options: RestoreOptions,
): Promise<RestorePlan> {
  const { role, clean: attached } = options;
  const providers = labelProviders(contents.entries);
  const target = await examineTarget(session, { role, attached, providers });
  const request = { contents, target, options };
  const database = databaseDifferences(request);
  const changes = options.databaseSettings ? database.changes.filter(({ why }) => why === undefined) : [];
  const refusals = await refusedChanges(session, changes, { ...target, role });
  const plan = await planRestore(request, session.signal);
  return withDatabase(plan, planDatabase(request, database, refusals));
}

/** Logs the plan, before anything is done. */
export function logPlan(plan: RestorePlan): void {
  for (const line of planLines(plan)) log.content(line);
  warnOf(plan.omissions);
}

function warnOf(omissions: readonly Omission[]): void {
  for (const omission of omissions) {
    if (omission.level !== 'warning') continue;
    const told = (shown: Omission): string =>
      `${verbOf(shown).warning}: ${describeOmission(shown)}, because ${shown.why}`;
    log.contentWarning(told(omission), `${told(withoutNames(omission))}.`);
  }
}

/**
 * Restores what the plan says.
 *
 * @returns what the target contains of it then.
 * @throws UserError as `restoreArchive`.
 */
export async function restoreInto(
  { path: archive, readBack }: VerifiedArchive,
  target: Target,
  plan: RestorePlan,
  {
    options: { jobs, role, searchPath },
    restoreArguments,
    onOutcome,
  }: RestoreSettings & Pick<RestoreRequest, 'onOutcome'>,
): Promise<ExpectedContents> {
  const { session, serverMajor, workFolder } = target;
  const restored = expectedContents(readBack.manifest, plan);
  if (searchPath.length > 0) {
    const path = searchPath.map(quotedIdentifier).join(', ');
    log.notice(
      `search-path: restoring with the search path ${plainLine(path)} instead of an empty one. ALTER FUNCTION … SET search_path in the origin makes that unnecessary.`,
    );
  }
  const started = performance.now();
  const restoring = restoreArchive({
    archive,
    dumpIds: plan.dumpIds,
    stages: plan.stages,
    session,
    serverMajor,
    jobs,
    dropScript: plan.dropScript,
    noOwner: plan.rights.noOwner,
    closing: plan.rights.closing,
    deferredChecks: deferredChecks(plan),
    searchPath,
    last: plan.rights.last,
    extra: [...(plan.missingTablespaces.length > 0 ? ['--no-tablespaces'] : []), ...restoreArguments],
    tableBytes: new Map(restored.tables.map(({ schema, table, bytes }) => [`${schema}.${table}`, bytes])),
    workFolder,
    look: (observer) => isRestored(observer, plan, role),
    ...(onOutcome === undefined ? {} : { onOutcome }),
  });
  // What is replaced is locked as well.
  const locks = locksOf(plan.restored) * (plan.dropScript === '' ? 1 : 2);
  await restoring.catch(async (error: unknown) => {
    throw await withNeededLocks(error, session, locks);
  });
  const time = duration(performance.now() - started);
  log.content(`Restored ${count(restored.tables.length, 'table')} in ${time}`, `Restored in ${time}`);
  return restored;
}

function deferredChecks({
  deferredChecks: tables,
  dumpIds,
  restored,
}: RestorePlan): DeferredChecks | undefined {
  if (tables.length === 0) return undefined;
  const first = restored.find(({ kind }) => kind === 'EVENT TRIGGER');
  const at = first === undefined ? -1 : dumpIds.indexOf(first.dumpId);
  return { drop: dropChecks(tables), add: ADD_CHECKS, afterwards: at === -1 ? [] : dumpIds.slice(at) };
}

/**
 * The plan of a restore that is done, with the CHECK constraints that rows of the backup break; warns of them.
 *
 * @throws UserError when the server cannot be asked.
 */
export async function nameBrokenChecks(plan: RestorePlan, { session }: Target): Promise<RestorePlan> {
  if (plan.deferredChecks.length === 0) return plan;
  const named = withBrokenChecks(plan, await findBrokenChecks(session));
  warnOf(named.omissions.slice(plan.omissions.length));
  return named;
}

/** Whether anything of the plan is in the target now that was not before; undefined where the plan creates nothing that can be found. */
async function isRestored(
  session: PgSession,
  { newIdentities }: RestorePlan,
  role: string | undefined,
): Promise<boolean | undefined> {
  if (newIdentities.size === 0) return undefined;
  const present = presentIdentities(await examineTarget(session, { role }));
  return [...newIdentities].some((identity) => present.has(identity));
}

/** What was done to a target. */
export interface RestoredTarget {
  readonly restored: ExpectedContents;
  readonly settings: RestoreSettings;
  /** What the generated columns of the database that was backed up contained, as far as it is known. */
  readonly generatedValues?: readonly RecordedGeneratedValues[] | undefined;
}

/**
 * Dumps what was restored again and compares it with the archive: contents, then definitions, owners and privileges.
 *
 * @returns what was compared beside the contents.
 * @throws UserError naming what differs.
 */
export async function verifyTarget(
  archive: VerifiedArchive,
  target: Target,
  plan: RestorePlan,
  { restored, settings, generatedValues = [] }: RestoredTarget,
): Promise<SchemaVerification> {
  const started = performance.now();
  const { contents } = archive;
  const { session, workFolder, serverMajor } = target;
  const encoding = encodingOf(contents);
  const { role } = settings.options;
  const planned = new Set(plan.dumpIds);
  const wasRestored = (entry: TocEntry): boolean => planned.has(entry.dumpId) && isReadable(entry);
  const { tables, rows } = await verifyRestore({
    expected: restored,
    everything: plan.everything,
    archive: {
      file: archive.path,
      dumpIds: contents.entries.filter(wasRestored).map(({ dumpId }) => dumpId),
    },
    encoding,
    largeObjectIds: largeObjectIdsOf(contents),
    role,
    session,
    workFolder,
  });
  const time = duration(performance.now() - started);
  log.content(
    `Verified in ${time}: ${count(tables, 'table')} and ${count(rows, 'row')} are identical to the backup`,
    `Verified in ${time}: all rows are identical to the backup`,
  );
  const again = performance.now();
  const { untouched } = plan;
  const schema = await verifySchema(expectedSchema(contents, plan, settings), {
    ...{ session, workFolder, serverMajor, encoding, role, untouched },
  });
  await verifyDatabase(session, plan.database);
  const allGenerated = await compareGenerated(generatedValues, restored.tables, plan.restored, {
    session,
    role,
  });
  const verification = allGenerated
    ? schema
    : { ...schema, notCompared: [...schema.notCompared, GENERATED_NOT_COMPARED] };
  const compared = `Compared in ${duration(performance.now() - again)}`;
  log.content(
    `${compared}: ${describeSchemaVerification(verification)}`,
    `${compared}: ${describeSilently(verification)}`,
  );
  return verification;
}

function expectedSchema(
  contents: TableOfContents,
  { restored, schemasBefore, missingTablespaces, rights }: RestorePlan,
  { options, restoreArguments }: RestoreSettings,
): SchemaExpectation {
  return {
    contents,
    restored,
    restated: rights.restated,
    owned: rights.owned,
    privileges: options.noPrivileges ? undefined : rights.privileges,
    schemasBefore,
    restoreArguments,
    withoutTablespaces: missingTablespaces.length > 0,
  };
}
