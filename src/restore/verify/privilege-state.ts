import { nameKey } from '../../archive/names.ts';
import { sqlWords } from '../../archive/toc/sql-words.ts';
import type { PrivilegeStatement } from '../../archive/toc/privileges.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { groupedBy } from '../plan/omission.ts';

/** What a role may do, and whether it may grant it to others. */
type Level = 'none' | 'held' | 'grantable';

interface Held {
  /** The empty text for PUBLIC. */
  readonly role: string;
  readonly privilege: string;
  readonly level: Level;
}

/** Who may do what with one object: what GRANT and REVOKE have come to, however they are written. */
export type PrivilegeState = ReadonlyMap<string, Held>;

/** An object, as far as its privileges depend on it. */
export interface PrivilegedObject {
  /** The tag of its entry about privileges: `TABLE orders`, `DEFAULT PRIVILEGES FOR TABLES`. */
  readonly tag: string;
  readonly schema: string;
  readonly owner: string;
  /** The server, which decides what ALL is. */
  readonly serverMajor: number;
  /** Of the `pg_dump` that wrote the statements, which decides what it takes for granted. */
  readonly dumpMajor: number;
  /** `unknown` of objects of the system and of extensions: what they begin with differs. */
  readonly initial: 'known' | 'unknown';
}

interface PrivilegedKind {
  readonly all: readonly string[];
  readonly ofPublic?: readonly string[];
}

const TABLE = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];
/** Of PostgreSQL 17 and newer. */
const MAINTAIN_SINCE = 17;

/** What there is to grant on an object, and what PUBLIC has of it from the beginning (`acldefault` in acl.c). */
const KINDS: ReadonlyMap<string, PrivilegedKind> = new Map([
  ['TABLE', { all: TABLE }],
  ['COLUMN', { all: ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'] }],
  ['SEQUENCE', { all: ['USAGE', 'SELECT', 'UPDATE'] }],
  ['FUNCTION', { all: ['EXECUTE'], ofPublic: ['EXECUTE'] }],
  ['PROCEDURE', { all: ['EXECUTE'], ofPublic: ['EXECUTE'] }],
  ['TYPE', { all: ['USAGE'], ofPublic: ['USAGE'] }],
  ['LANGUAGE', { all: ['USAGE'], ofPublic: ['USAGE'] }],
  ['SCHEMA', { all: ['CREATE', 'USAGE'] }],
  ['FOREIGN DATA WRAPPER', { all: ['USAGE'] }],
  ['FOREIGN SERVER', { all: ['USAGE'] }],
  ['LARGE OBJECT', { all: ['SELECT', 'UPDATE'] }],
  ['DATABASE', { all: ['CREATE', 'TEMPORARY', 'CONNECT'], ofPublic: ['TEMPORARY', 'CONNECT'] }],
]);
/** Schemas that every database has, open to PUBLIC; before PostgreSQL 15, to create things in public as well. */
const CLOSED_SINCE = 15;
const OPEN_SCHEMAS: ReadonlySet<string> = new Set(
  ['public', 'pg_catalog', 'information_schema'].map((name) => `SCHEMA ${name}`),
);

/** Stands for the owner, whoever that is; no role has such a name. */
const OWNER = '\0owner';

/** What the statements of an archive make of the privileges on an object. */
export function privilegesAfter(
  statements: readonly PrivilegeStatement[],
  object: PrivilegedObject,
): PrivilegeState {
  const { all, ofPublic = [] } = kindOf(object);
  const state = new Map<string, Held>();
  const set = (role: string, grantor: string, privilege: string, level: Level): void => {
    state.set(nameKey(role, grantor, privilege), { role, privilege, level });
  };
  if (object.initial === 'known') {
    // In one schema, default privileges are only what they add.
    const isAddition = object.tag.startsWith('DEFAULT ') && object.schema !== '';
    for (const privilege of isAddition ? [] : all) set(OWNER, OWNER, privilege, 'held');
    for (const privilege of isAddition ? [] : ofPublic) set('', OWNER, privilege, 'held');
  }
  const who = (role: string): string => (role === object.owner ? OWNER : role);
  for (const { sql, action, privileges, grantee = '', grantor = object.owner } of statements) {
    const level = action === 'REVOKE' ? 'none' : / WITH GRANT OPTION$/.test(sql) ? 'grantable' : 'held';
    for (const privilege of namedPrivileges(privileges, all))
      set(who(grantee), who(grantor), privilege, level);
  }
  return state;
}

/** A privilege as the catalogs have it. */
export interface CatalogPrivilege {
  /** The empty text for PUBLIC. */
  readonly grantee: string;
  readonly grantor: string;
  readonly privilege: string;
  readonly grantable: boolean;
}

/** The same of an object's `aclitem`s. */
export function privilegesInCatalog(items: readonly CatalogPrivilege[], owner: string): PrivilegeState {
  const who = (role: string): string => (role === owner ? OWNER : role);
  return new Map(
    items.map(({ grantee, grantor, privilege, grantable }) => [
      nameKey(who(grantee), who(grantor), privilege),
      { role: who(grantee), privilege, level: grantable ? 'grantable' : 'held' },
    ]),
  );
}

/** What of the privileges on an object counts. */
export interface PrivilegeScope {
  /** `all` for what the restore has made; for what was there before, what the archive states, its owner's own rights aside. */
  readonly scope: 'all' | 'stated';
  readonly initial: PrivilegedObject['initial'];
  /** Whom the object belongs to in the target. */
  readonly owner: string;
}

/** How the privileges on an object differ from what they must be: `app lacks SELECT, UPDATE`. */
export function privilegeDifferences(
  expected: PrivilegeState,
  found: PrivilegeState,
  { scope, initial, owner }: PrivilegeScope,
): string[] {
  const keys = new Set([...expected.keys(), ...(scope === 'all' ? found.keys() : [])]);
  const differences = [...keys].flatMap((key) => {
    const [wanted, got] = [expected.get(key), found.get(key)];
    const { role = '', privilege = '' } = wanted ?? got ?? {};
    const before = wanted?.level ?? 'none';
    const now = got?.level ?? (initial === 'known' ? 'none' : 'unchanged');
    if (before === now || (scope === 'stated' && (role === OWNER || role === owner))) return [];
    const name = role === '' ? 'PUBLIC' : role === OWNER ? 'the owner' : plainLine(role);
    return [{ words: `${name} ${verbFor(before, now)}`, privilege }];
  });
  return groupedBy(differences, ({ words }) => words).map(
    (group) => `${group[0]?.words ?? ''} ${group.map(({ privilege }) => privilege).join(', ')}`,
  );
}

function verbFor(before: Level, now: Level | 'unchanged'): string {
  if (before === 'none') return 'has';
  if (now === 'held') return 'cannot grant';
  return now === 'grantable' ? 'can grant' : 'lacks';
}

function kindOf({ tag, serverMajor, dumpMajor }: PrivilegedObject): PrivilegedKind {
  if (OPEN_SCHEMAS.has(tag)) {
    const all = ['CREATE', 'USAGE'];
    return { all, ofPublic: tag === 'SCHEMA public' && dumpMajor < CLOSED_SINCE ? all : ['USAGE'] };
  }
  // `DEFAULT PRIVILEGES FOR TABLES` is about each TABLE.
  const of = tag.startsWith('DEFAULT ')
    ? `${tag.slice(tag.lastIndexOf(' FOR ') + ' FOR '.length, -'S'.length)} `
    : tag;
  const [name, kind] = [...KINDS].find(([word]) => of.startsWith(`${word} `)) ?? ['', { all: [] }];
  return name === 'TABLE' && serverMajor >= MAINTAIN_SINCE ? { all: [...TABLE, 'MAINTAIN'] } : kind;
}

/** `SELECT,UPDATE(name)` → SELECT and UPDATE: whose column it is, the entry says. */
function namedPrivileges(written: string, all: readonly string[]): readonly string[] {
  const named: string[] = [];
  let depth = 0;
  for (const { kind, text } of sqlWords(written)) {
    if (kind === 'symbol') depth += text === '(' ? 1 : text === ')' ? -1 : 0;
    else if (depth === 0) named.push(text.toUpperCase());
  }
  return named.flatMap((privilege) => (privilege === 'ALL' ? all : [privilege]));
}
