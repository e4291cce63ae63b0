import { encodingOf } from '../../archive/toc/archive-facts.ts';
import { type DatabaseStatement, databaseStatements } from '../../archive/toc/database-statements.ts';
import { count } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { differsFromTarget } from './compare-database.ts';
import { differingLocale } from './compare-locale.ts';
import { databaseScript, databaseSql } from './database-sql.ts';
import { type Omission, groupedBy } from './omission.ts';
import type { RestorePlan } from './plan.ts';
import { actingAs } from './plan-rights.ts';
import { type PlanRequest, isFiltered } from './plan-request.ts';

/** What is done to the target's database itself, beside what it contains. */
export interface DatabasePlan {
  /** What is set, as the target has to state it then. */
  readonly applied: readonly DatabaseStatement[];
  /** The statements that set it, for the end of the restore. */
  readonly statements: readonly string[];
  readonly omissions: readonly Omission[];
}

/** A property that the target has not, and why it is not set; it is where there is no reason. */
export interface DatabaseChange {
  readonly statement: DatabaseStatement;
  readonly script: readonly string[];
  readonly why: string | undefined;
}

/** Why the server refuses a change, by {@link refusalKey}. */
export type Refusals = ReadonlyMap<string, string>;

export function refusalKey({ script }: Pick<DatabaseChange, 'script'>): string {
  return script.join(';');
}

/** A library that is missing would keep every session out, also the one that could set it back. */
const PRELOADS = /_preload_libraries$/i;
/** The restore and its verification need sessions of their own; superusers always have some. */
const FEWEST_CONNECTIONS = 10;

const LAST: ReadonlySet<string> = new Set(['privilege', 'owner']);

/** How the archive's database differs from the target's. */
export interface DatabaseDifferences {
  readonly changes: readonly DatabaseChange[];
  /** How many statements about the database could not be read. */
  readonly unknown: number;
}

/** The properties of the archive's database that the target's has not; none where they do not matter. */
export function databaseDifferences(request: PlanRequest): DatabaseDifferences {
  const { contents, target, options } = request;
  if (options.forTest || (isFiltered(options) && !options.databaseSettings))
    return { changes: [], unknown: 0 };
  const { statements, unknown } = databaseStatements(contents.entries);
  const wanted = statements.filter(
    (statement) =>
      isWanted(statement, request) && differsFromTarget(statement, statements, target.properties),
  );
  const place = { database: target.database, role: options.role };
  // Whoever gives the database away may not change it then.
  const ordered = [
    ...wanted.filter(({ form }) => !LAST.has(form)),
    ...wanted.filter(({ form }) => form === 'privilege'),
    ...wanted.filter(({ form }) => form === 'owner'),
  ];
  const changes = ordered.map((statement) => ({
    statement,
    script: databaseScript(statement, place),
    why: whyNot(statement, request),
  }));
  return { changes, unknown: isFiltered(options) ? 0 : unknown };
}

/** The same plan, and how the database itself is changed. */
export function withDatabase(plan: RestorePlan, database: DatabasePlan): RestorePlan {
  const { rights, omissions } = plan;
  return {
    ...plan,
    rights: { ...rights, last: [...rights.last, ...database.statements] },
    omissions: [...omissions, ...database.omissions],
    database: database.applied,
  };
}

/** Plans how the database itself is changed. */
export function planDatabase(
  request: PlanRequest,
  { changes, unknown }: DatabaseDifferences,
  refusals: Refusals,
): DatabasePlan {
  const { target, options } = request;
  const reasonOf = (change: DatabaseChange): string | undefined =>
    change.why ??
    (options.databaseSettings ? refusals.get(refusalKey(change)) : 'database-settings is false');
  const applied = changes.filter((change) => reasonOf(change) === undefined);
  const left = changes.flatMap((change) => {
    const why = reasonOf(change);
    return why === undefined ? [] : [{ ...change, why }];
  });
  const omissions = groupedBy(left, ({ statement, why }) => `${statement.form}\0${why}`).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { form } = first.statement;
    const { what, level } = WORDS[form];
    const names = [...new Set(group.map(({ statement }) => nameOf(statement, target.database)))];
    const place = { database: target.database, role: undefined };
    const sql = group.flatMap(({ statement }) => databaseScript(statement, place, true));
    return [{ what, names, why: first.why, level, statements: sql.map((line) => `${plainLine(line)};`) }];
  });
  return {
    applied: applied.map(({ statement }) => statement),
    statements: actingAs(
      options.role,
      applied.flatMap(({ script }) => script),
    ),
    omissions: [...omissions, ...differingLocale(request), ...unknownStatements(unknown, target.database)],
  };
}

const WORDS: Readonly<
  Record<DatabaseStatement['form'], { readonly what: string; readonly level: Omission['level'] }>
> = {
  setting: { what: 'setting of the database', level: 'warning' },
  'connection limit': { what: 'connection limit of the database', level: 'info' },
  template: { what: 'template mark of the database', level: 'info' },
  tablespace: { what: 'tablespace of the database', level: 'info' },
  comment: { what: 'comment on the database', level: 'info' },
  'security label': { what: 'security label on the database', level: 'warning' },
  privilege: { what: 'privileges on the database of', level: 'warning' },
  owner: { what: 'owner of the database', level: 'info' },
};

/** `setting of the database work_mem`, for a message. */
export function describeStatement(statement: DatabaseStatement): string {
  return `${WORDS[statement.form].what} ${nameOf(statement, '')}`.trim();
}

function nameOf(statement: DatabaseStatement, database: string): string {
  switch (statement.form) {
    case 'setting':
      return statement.role === undefined ? statement.name : `${statement.name} of ${statement.role}`;
    case 'connection limit':
      return String(statement.limit);
    case 'template':
    case 'comment':
      return database;
    case 'tablespace':
      return statement.tablespace;
    case 'security label':
      return statement.provider;
    case 'privilege':
      return statement.privilege.grantee ?? 'PUBLIC';
    case 'owner':
      return statement.owner;
  }
}

/** Whether no other input or option says that it is not restored. */
function isWanted({ form }: DatabaseStatement, { options }: PlanRequest): boolean {
  const { noOwner, noPrivileges, kindsLeftOut } = options;
  switch (form) {
    case 'owner':
      return !noOwner;
    case 'privilege':
      return !noPrivileges;
    case 'comment':
      return !kindsLeftOut.has('COMMENT');
    case 'security label':
      return !kindsLeftOut.has('SECURITY LABEL');
    case 'setting':
    case 'connection limit':
    case 'template':
    case 'tablespace':
      return true;
  }
}

/** Why it can be set nowhere, or not in this target. */
function whyNot(statement: DatabaseStatement, { contents, target }: PlanRequest): string | undefined {
  const missing = rolesOf(statement).find((role) => !target.roles.has(role));
  if (missing !== undefined) {
    return missing === nameOf(statement, target.database)
      ? 'the role does not exist on the server'
      : `the role ${plainLine(missing)} does not exist on the server`;
  }
  if (encodingOf(contents) !== 'UTF8' && /[^\0-\x7f]/.test(databaseSql(statement, ''))) {
    return `its text is in the encoding ${encodingOf(contents) ?? 'of the archive'}`;
  }
  switch (statement.form) {
    case 'setting':
      return PRELOADS.test(statement.name)
        ? 'if the server lacks the library, nobody can connect any more: set it yourself'
        : undefined;
    case 'connection limit':
      return !target.isSuperuser && statement.limit < FEWEST_CONNECTIONS
        ? `with fewer than ${FEWEST_CONNECTIONS} connections the restore could not be verified: set it yourself`
        : undefined;
    case 'template':
      return 'every role with CREATEDB could copy the database: set it yourself';
    case 'tablespace':
      return 'a database cannot be moved while it is in use: move it yourself';
    case 'security label':
      return target.missingProviders.has(statement.provider)
        ? 'the server has not loaded the provider'
        : undefined;
    case 'comment':
    case 'owner':
    case 'privilege':
      return undefined;
  }
}

function rolesOf(statement: DatabaseStatement): string[] {
  if (statement.form === 'setting') return statement.role === undefined ? [] : [statement.role];
  if (statement.form === 'owner') return [statement.owner];
  if (statement.form !== 'privilege') return [];
  const { grantee, grantor } = statement.privilege;
  return [grantee, grantor].filter((role) => role !== undefined);
}

function unknownStatements(unknown: number, database: string): Omission[] {
  if (unknown === 0) return [];
  const why = `${count(unknown, 'statement')} about the database in the backup is none that pg_dump is known to write`;
  return [{ what: 'something about the database', names: [database], why, level: 'warning' }];
}
