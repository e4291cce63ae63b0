import { plainLine } from '../../runner/plain-text.ts';
import { quotedIdentifier } from '../../postgres/sql-text.ts';
import { formatCounts, displayName } from '../../archive/toc/entry-names.ts';
import { largeObjectsOf } from '../../archive/toc/identity.ts';
import {
  type PrivilegeStatement,
  eachPrivilege,
  forLargeObject,
  isAboutLargeObjects,
  privilegeStatements,
} from '../../archive/toc/privileges.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';
import { UserError } from '../../errors.ts';
import { type Omission, groupedBy } from './omission.ts';
import type { PlanRequest } from './plan-request.ts';

/** A statement that is not run, and why. */
interface OmittedStatement {
  readonly entry: TocEntry;
  /** The role that is the reason. */
  readonly role: string;
  readonly why: string;
  readonly level: Omission['level'];
}

/** Which statements of an entry about privileges are restored. */
export interface PlannedPrivileges {
  readonly entry: TocEntry;
  /** In the archive's order; for large objects, those of each. */
  readonly applied: readonly PrivilegeStatement[];
  readonly omitted: readonly OmittedStatement[];
  /** Roles that have to be let into the schema of the object as long as they grant something. */
  readonly guests: readonly string[];
  /** Whether `pg_restore` can run the entry as it is: all of it, in its own words. */
  readonly asItIs: boolean;
}

/** PostgreSQL 17 has it, and a grant of all privileges does not name it. */
const MAINTAIN = { privilege: 'MAINTAIN', since: 17 };

/** Whether an entry is about privileges. */
export function isAboutPrivileges({ kind }: Pick<TocEntry, 'kind'>): boolean {
  return kind === 'ACL' || kind === 'DEFAULT ACL';
}

/**
 * Decides statement by statement which privileges are restored: those of roles that exist, given by roles that the user
 * may act for. What PUBLIC loses is always restored.
 *
 * @throws UserError when a statement cannot be understood: to run it would be as wrong as to leave it out.
 */
export function planPrivileges(
  entries: readonly TocEntry[],
  index: TocIndex,
  request: PlanRequest,
): PlannedPrivileges[] {
  return entries.filter(isAboutPrivileges).map((entry) => {
    const statements = privilegeStatements(entry.definition);
    if (statements === undefined) throw notUnderstood(entry);
    const applied: PrivilegeStatement[] = [];
    const omitted: OmittedStatement[] = [];
    for (const statement of statements) {
      const reason = whyNot(statement, request);
      if (reason !== undefined) omitted.push({ entry, ...reason });
      if (reason !== undefined) continue;
      const known = withoutUnknown(statement, request);
      if (known !== statement && statement.action === 'GRANT') {
        omitted.push({ entry, ...unknownPrivilege(statement, request) });
      }
      if (known !== undefined) applied.push(known);
    }
    const asItIs =
      applied.length === statements.length &&
      applied.every((statement, at) => statement === statements[at]) &&
      (request.target.isSuperuser || statements.every(({ grantor }) => grantor === undefined));
    return { entry, applied: eachLargeObject(entry, index, applied), omitted, guests: [], asItIs };
  });
}

function whyNot(
  { grantee, grantor, defaultsOf }: PrivilegeStatement,
  { target }: PlanRequest,
): Omit<OmittedStatement, 'entry'> | undefined {
  const missing = [defaultsOf, grantor, grantee].find(
    (role) => role !== undefined && !target.roles.has(role),
  );
  if (missing !== undefined) {
    return { role: missing, why: 'the role does not exist on the server', level: 'info' };
  }
  const foreign = [defaultsOf, grantor].find(
    (role) => role !== undefined && role !== target.user && target.roles.get(role) !== true,
  );
  if (foreign === undefined || target.isSuperuser) return undefined;
  const why = `${plainLine(target.user)} may not act for the role, which ${defaultsOf === undefined ? 'gave them' : 'would give them'}`;
  return { role: foreign, why, level: 'warning' };
}

/** The statement without a privilege that the server does not know; undefined when nothing is left of it. */
function withoutUnknown(
  statement: PrivilegeStatement,
  { target }: PlanRequest,
): PrivilegeStatement | undefined {
  if (target.major >= MAINTAIN.since) return statement;
  const all = eachPrivilege(statement.privileges);
  const known = all.filter((privilege) => privilege !== MAINTAIN.privilege);
  if (known.length === all.length) return statement;
  if (known.length === 0) return undefined;
  const privileges = known.join(',');
  return { ...statement, privileges, sql: statement.sql.replace(statement.privileges, () => privileges) };
}

function unknownPrivilege(
  { grantee }: PrivilegeStatement,
  { target }: PlanRequest,
): Omit<OmittedStatement, 'entry'> {
  const why = `PostgreSQL ${target.major} does not have the privilege ${MAINTAIN.privilege}: there, only the owner can run VACUUM, ANALYZE, REINDEX and the like`;
  return { role: grantee ?? 'PUBLIC', why, level: 'info' };
}

function eachLargeObject(
  entry: TocEntry,
  index: TocIndex,
  statements: readonly PrivilegeStatement[],
): readonly PrivilegeStatement[] {
  if (!isAboutLargeObjects(entry)) return statements;
  const oids = index.dependenciesOf(entry).flatMap(largeObjectsOf);
  return statements.flatMap((statement) => oids.map((oid) => forLargeObject(statement, oid)));
}

/** The statements for the end of the restore, each run by whom it is given by. */
export function privilegeScript(planned: readonly PlannedPrivileges[], role: string | undefined): string[] {
  const back = role === undefined ? 'RESET ROLE' : `SET ROLE ${quotedIdentifier(role)}`;
  return planned.flatMap(({ applied }) =>
    applied.flatMap(({ sql, grantor }) =>
      grantor === undefined ? [sql] : [`SET ROLE ${quotedIdentifier(grantor)}`, sql, back],
    ),
  );
}

/** The privileges that are not restored, by the role that is the reason. */
export function omittedPrivileges(planned: readonly PlannedPrivileges[]): Omission[] {
  const omitted = planned.flatMap((item) => item.omitted);
  return groupedBy(omitted, ({ role, why, entry }) => `${entry.kind}\0${role}\0${why}`).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { entry, role, why, level } = first;
    if (entry.kind === 'DEFAULT ACL') return [{ what: 'default privileges of', names: [role], why, level }];
    const objects = [...new Set(group.map((item) => item.entry))].map(({ tag }) => kindOfTag(tag));
    return [{ what: 'privileges of', names: [role], why: `${why} (on ${formatCounts(objects)})`, level }];
  });
}

/** `table` of `TABLE orders`. `pg_dump` before 11 named the object alone. */
export function kindOfTag(tag: string): string {
  const words = /^(?:[A-Z]+ )+/.exec(tag)?.[0].trim().toLowerCase() ?? 'object';
  return words === 'large objects' ? 'group of large objects' : words;
}

function notUnderstood(entry: TocEntry): UserError {
  return new UserError(
    'restore-refused',
    `The archive has a statement about the privileges on ${displayName(entry)} that pg_dump does not write.`,
    'Find out who changed the backup; or set "no-privileges: true" to restore none.',
    { silent: { message: 'The backup has a statement that pg_dump does not write.' } },
  );
}
