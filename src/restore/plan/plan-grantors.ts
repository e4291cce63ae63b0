import { plainLine } from '../../runner/plain-text.ts';
import { quotedIdentifier } from '../../postgres/sql-text.ts';
import { type PrivilegeStatement, eachPrivilege } from '../../archive/toc/privileges.ts';
import { schemaOfTag } from '../../archive/toc/statement-names.ts';
import { nameKey } from '../../archive/names.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';
import type { OwnedEntry } from './plan-owners.ts';
import type { PlannedPrivileges } from './plan-privileges.ts';
import type { TargetFacts } from './target.ts';

/** What is known of the roles that grant. */
interface GrantorRequest {
  readonly index: TocIndex;
  readonly owned: readonly OwnedEntry[];
  readonly target: TargetFacts;
}

/**
 * Leaves out what a role other than the owner has granted, if it cannot grant it again: it has not got the grant option, or
 * may not use the schema. Where the user can let it into the schema for as long, that is planned.
 */
export function planGrantors(
  planned: readonly PlannedPrivileges[],
  { index, owned, target }: GrantorRequest,
): PlannedPrivileges[] {
  const owners = new Map(owned.map(({ entry, owner }) => [entry, owner]));
  const schemas = new Schemas(planned, owned, target);
  return planned.map((item) => {
    const { entry } = item;
    const home = index.ownerOf(entry);
    const owner = home === undefined ? entry.owner : owners.get(home);
    const guests = new Set<string>();
    const applied: PrivilegeStatement[] = [];
    const omitted = [...item.omitted];
    for (const statement of item.applied) {
      const { grantor, defaultsOf } = statement;
      const isOther = grantor !== undefined && grantor !== owner && !target.superusers.has(grantor);
      const needsGuest =
        grantor !== undefined && defaultsOf === undefined && !schemas.isOpenTo(entry.schema, grantor);
      if (isOther && !mayGrant(statement, applied)) {
        const why = 'the role does not have them with the grant option';
        omitted.push({ entry, role: grantor, why, level: 'warning' });
      } else if (needsGuest && !schemas.mayLetIn(entry.schema)) {
        const why = `the role, which gave them, lacks the USAGE privilege on the schema ${plainLine(entry.schema)}`;
        omitted.push({ entry, role: grantor, why, level: 'warning' });
      } else {
        if (needsGuest) guests.add(grantor);
        applied.push(statement);
      }
    }
    const isChanged = guests.size > 0 || applied.length < item.applied.length;
    return { ...item, applied, omitted, guests: [...guests], asItIs: item.asItIs && !isChanged };
  });
}

/** Lets the roles into the schemas that need it, and takes that back. */
export function guestStatements(planned: readonly PlannedPrivileges[]): {
  readonly before: readonly string[];
  readonly after: readonly string[];
} {
  const all = new Map(
    planned.flatMap(({ entry: { schema }, guests }) =>
      guests.map(
        (role) => [nameKey(schema, role), [quotedIdentifier(schema), quotedIdentifier(role)]] as const,
      ),
    ),
  );
  const pairs = [...all.values()];
  return {
    before: pairs.map(([schema, role]) => `GRANT USAGE ON SCHEMA ${schema} TO ${role}`),
    after: pairs.map(([schema, role]) => `REVOKE USAGE ON SCHEMA ${schema} FROM ${role}`),
  };
}

/** Whether the statements before have given it all to the grantor, with the grant option. */
function mayGrant(
  { action, privileges, grantor }: PrivilegeStatement,
  before: readonly PrivilegeStatement[],
): boolean {
  if (action === 'REVOKE') return true;
  const grantable = new Set(
    before.flatMap((statement) =>
      statement.grantee === grantor && statement.sql.endsWith(' WITH GRANT OPTION')
        ? eachPrivilege(statement.privileges)
        : [],
    ),
  );
  const isGrantable = (privilege: string): boolean => {
    const column = privilege.indexOf('(');
    const forms =
      column === -1 ? [privilege] : [privilege, privilege.slice(0, column), `ALL${privilege.slice(column)}`];
    return grantable.has('ALL') || forms.some((form) => grantable.has(form));
  };
  return eachPrivilege(privileges).every(isGrantable);
}

/** Who may use which schema at the end of the restore, directly or like everybody. */
class Schemas {
  readonly #target: TargetFacts;
  readonly #users = new Set<string>();
  readonly #closed = new Set<string>();

  constructor(planned: readonly PlannedPrivileges[], owned: readonly OwnedEntry[], target: TargetFacts) {
    this.#target = target;
    for (const { entry, owner } of owned)
      if (entry.kind === 'SCHEMA') this.#users.add(nameKey(entry.tag, owner));
    for (const { entry, applied } of planned) {
      const schema = entry.kind === 'ACL' ? schemaOfTag(entry.tag) : undefined;
      if (schema === undefined) continue;
      for (const { action, grantee = '', privileges } of applied) {
        if (action === 'REVOKE') {
          if (grantee === '') this.#closed.add(schema);
        } else if (/\b(?:USAGE|ALL)\b/.test(privileges)) this.#users.add(nameKey(schema, grantee));
      }
    }
  }

  isOpenTo(schema: string, role: string): boolean {
    const present = this.#target.schemas.get(schema);
    return (
      schema === '' ||
      schema === 'pg_catalog' ||
      this.#target.superusers.has(role) ||
      [role, ''].some((user) => this.#users.has(nameKey(schema, user))) ||
      present?.users.has(role) === true ||
      (present?.users.has('') === true && !this.#closed.has(schema))
    );
  }

  mayLetIn(schema: string): boolean {
    const present = this.#target.schemas.get(schema);
    return this.#target.isSuperuser || present === undefined || present.owned;
  }
}
