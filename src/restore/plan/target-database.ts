import { nameKey } from '../../archive/names.ts';
import type { DatabaseLocale } from '../../archive/toc/database-locale.ts';
import type { CatalogPrivilege } from '../verify/privilege-state.ts';

/** What the target's database is itself, beside what it contains. */
export interface TargetDatabase {
  readonly owner: string;
  /** Less than zero: none. */
  readonly connectionLimit: number;
  readonly isTemplate: boolean;
  readonly tablespace: string;
  readonly comment: string;
  /** The value of each setting, by {@link settingKey}. */
  readonly settings: ReadonlyMap<string, string>;
  /** The text of each security label, by its provider. */
  readonly labels: ReadonlyMap<string, string>;
  readonly privileges: readonly CatalogPrivilege[];
  readonly locale: DatabaseLocale;
}

/** The role is undefined, or the empty text, for the settings of every role. */
export function settingKey(role: string | undefined, name: string): string {
  return nameKey(role ?? '', name.toLowerCase());
}

/** As `pg_database.datlocprovider` has them, from 15 on. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['b', 'builtin'],
  ['c', 'libc'],
  ['i', 'icu'],
]);

const THIS = 'd.datname = pg_catalog.current_database()';

/** The database, in rows as those of `targetSql`. */
export const DATABASE_SQL = `
SELECT 'database', pg_catalog.pg_get_userbyid(d.datdba), d.datconnlimit, d.datistemplate, t.spcname,
       pg_catalog.shobj_description(d.oid, 'pg_database')
FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace WHERE ${THIS};
SELECT 'database locale', j.d ->> 'datlocprovider', d.datcollate, d.datctype, coalesce(j.d ->> 'datlocale', j.d ->> 'daticulocale'), NULL
FROM pg_catalog.pg_database d CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(d)) j (d) WHERE ${THIS};
SELECT 'database setting', r.rolname, c.setting, NULL, NULL, NULL
FROM pg_catalog.pg_database d JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = d.oid
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) c (setting) WHERE ${THIS};
SELECT 'database label', l.provider, l.label, NULL, NULL, NULL
FROM pg_catalog.pg_database d JOIN pg_catalog.pg_shseclabel l
  ON l.objoid = d.oid AND l.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass WHERE ${THIS};
SELECT 'database privilege', g.rolname, pg_catalog.pg_get_userbyid(a.grantor), a.privilege_type, a.is_grantable, NULL
FROM pg_catalog.pg_database d CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee WHERE ${THIS};
`;

/** @param of the rows of a kind, without the kind. */
export function targetDatabase(of: (kind: string) => readonly (readonly string[])[]): TargetDatabase {
  const [[owner = '', limit = '-1', isTemplate, tablespace = '', comment = ''] = []] = of('database');
  const [[provider = '', collate = '', ctype = '', locale = ''] = []] = of('database locale');
  return {
    owner,
    connectionLimit: Number(limit),
    isTemplate: isTemplate === 't',
    tablespace,
    locale: { provider: PROVIDERS.get(provider) ?? 'libc', collate, ctype, locale },
    comment,
    settings: new Map(
      of('database setting').map(([role, setting = '']) => {
        const at = setting.indexOf('=');
        return [settingKey(role, setting.slice(0, at)), setting.slice(at + 1)];
      }),
    ),
    labels: new Map(of('database label').map(([provider = '', label = '']) => [provider, label])),
    privileges: of('database privilege').map(([grantee = '', grantor = '', privilege = '', grantable]) => ({
      grantee,
      grantor,
      privilege,
      grantable: grantable === 't',
    })),
  };
}
