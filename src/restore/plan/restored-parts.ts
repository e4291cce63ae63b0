import { quotedIdentifier } from '../../postgres/sql-text.ts';
import { nameKey } from '../../archive/names.ts';
import { eachPrivilege } from '../../archive/toc/privileges.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';
import type { OwnedEntry } from './plan-owners.ts';
import type { PlannedPrivileges } from './plan-privileges.ts';
import type { Attached } from './target.ts';

/** What of an archive is restored. */
export interface RestoredContents {
  readonly kept: readonly TocEntry[];
  readonly index: TocIndex;
  readonly owned: readonly OwnedEntry[];
  readonly privileges: readonly PlannedPrivileges[];
}

/** An entry with all of its parts that are restored, and theirs. */
interface WithParts {
  readonly parts: readonly TocEntry[];
  readonly text: string;
}

/** How the archive calls a part. */
const ARCHIVE_KINDS: Readonly<Record<string, string>> = {
  index: 'INDEX',
  policy: 'POLICY',
  rule: 'RULE',
  'statistics object': 'STATISTICS',
};

/** Looks up whether the archive restores what is attached to an object. A database may have a hundred thousand of each. */
export class RestoredParts {
  readonly #index: TocIndex;
  readonly #entries: ReadonlySet<TocEntry>;
  /** Memberships in publications, by kind, schema and tag. */
  readonly #members: ReadonlySet<string>;
  readonly #triggers: ReadonlySet<string>;
  readonly #privileges: ReadonlyMap<TocEntry | undefined, readonly PlannedPrivileges[]>;
  readonly #owners: ReadonlyMap<TocEntry, string>;
  readonly #withParts = new Map<TocEntry, WithParts>();

  constructor({ kept, index, owned, privileges }: RestoredContents) {
    this.#index = index;
    this.#entries = new Set(kept);
    this.#members = new Set(
      kept.flatMap(({ kind, schema, tag }) =>
        kind.startsWith('PUBLICATION ') ? [nameKey(kind, schema, tag)] : [],
      ),
    );
    this.#triggers = new Set(kept.flatMap(({ kind, tag }) => (kind === 'TRIGGER' ? [tag] : [])));
    this.#privileges = Map.groupBy(privileges, ({ entry }) => index.ownerOf(entry));
    this.#owners = new Map(owned.map(({ entry, owner }) => [entry, owner]));
  }

  /** Whom the object of an entry belongs to after the restore; undefined if it has no owner of its own. */
  ownerOf(entry: TocEntry): string | undefined {
    return this.#owners.get(entry);
  }

  /** Whether a table, or with its name also a schema, becomes a member of a publication. */
  isMember({ kind, schema, object, name }: Attached): boolean {
    return kind === 'publication'
      ? this.#members.has(nameKey('PUBLICATION TABLE', schema, `${name} ${object}`))
      : this.#members.has(nameKey('PUBLICATION TABLES IN SCHEMA', '', `${object} ${name}`)) ||
          this.#members.has(nameKey('PUBLICATION TABLES IN SCHEMA', name, `${object} ${name}`));
  }

  /** Whether it is attached to the object of the entry after the restore too. */
  includes(item: Attached, entry: TocEntry): boolean {
    const { kind, name, object, detail } = item;
    const { parts, text } = this.#partsOf(entry);
    const isPart = ({ tag }: TocEntry): boolean => tag === name || tag === `${object} ${name}`;
    switch (kind) {
      case 'privilege':
        return this.#isGranted(entry, name, detail);
      case 'closed':
        return this.#statements(entry).some(
          ({ action, grantee }) => action === 'REVOKE' && grantee === undefined,
        );
      case 'owner':
        return (this.ownerOf(entry) ?? name) === name;
      case 'comment':
        return parts.some((part) => part.kind === 'COMMENT' && this.#isAbout(part, item, entry));
      case 'security label':
        return parts.some((part) => part.kind === 'SECURITY LABEL' && this.#isAbout(part, item, entry));
      case 'setting':
      case 'family member':
        return contains(text, name);
      case 'index setting': {
        const indexes = parts.filter(
          (part) => (part.kind === 'INDEX' || part.kind === 'CONSTRAINT') && isPart(part),
        );
        // Without its index, it is the index that is named.
        return indexes.length === 0 || contains(textOf(indexes), detail);
      }
      case 'trigger':
        if (detail !== '') return this.#triggers.has(detail);
        return parts.some((part) => part.kind === 'TRIGGER' && isPart(part));
      case 'parent':
        return (
          parts.some((part) => part.kind === 'TABLE ATTACH') || entry.definition.includes('\nINHERITS (')
        );
      case 'table constraint':
      case 'domain constraint':
        return (
          parts.some(isPart) ||
          [name, quotedIdentifier(name)].some((form) => entry.definition.includes(`CONSTRAINT ${form} `))
        );
      default:
        return parts.some((part) => part.kind === ARCHIVE_KINDS[kind] && isPart(part));
    }
  }

  #partsOf(entry: TocEntry): WithParts {
    const known = this.#withParts.get(entry);
    if (known !== undefined) return known;
    const parts = new Set([entry]);
    // Iterating over a set includes what is added meanwhile.
    for (const part of parts)
      for (const own of this.#index.partsOf(part)) if (this.#entries.has(own)) parts.add(own);
    const all = [...parts];
    const result = { parts: all.slice(1), text: textOf(all) };
    this.#withParts.set(entry, result);
    return result;
  }

  /** Whether a comment or label is about the part; about the object itself where there is no part. */
  #isAbout(text: TocEntry, { name, detail }: Attached, entry: TocEntry): boolean {
    const { tag } = text;
    if (detail === '') {
      const isOfPart =
        tag.startsWith('COLUMN ') || (tag.startsWith('CONSTRAINT ') && entry.kind !== 'CONSTRAINT');
      return this.#index.ownerOf(text) === entry && !isOfPart;
    }
    return [name, quotedIdentifier(name)].some((form) =>
      detail === 'COLUMN'
        ? tag.startsWith('COLUMN ') && tag.endsWith(`.${form}`)
        : `${tag} ON `.startsWith(`${detail} ${form} ON `),
    );
  }

  #statements(entry: TocEntry): PlannedPrivileges['applied'] {
    return (this.#privileges.get(entry) ?? []).flatMap(({ applied }) => applied);
  }

  #isGranted(entry: TocEntry, role: string, privilege: string): boolean {
    const column = privilege.endsWith(')') ? privilege.slice(privilege.indexOf('(')) : '';
    return this.#statements(entry).some(
      ({ action, grantee = '', privileges }) =>
        action === 'GRANT' &&
        grantee === role &&
        eachPrivilege(privileges).some((one) => one === privilege || one === 'ALL' || one === `ALL${column}`),
    );
  }
}

/** What the entries set, without quotes: versions and options of `pg_dump` differ in them. */
function textOf(entries: readonly TocEntry[]): string {
  return entries
    .map(
      ({ definition, tablespace, accessMethod }) =>
        `${definition} TABLESPACE ${tablespace} ACCESS METHOD ${accessMethod} `,
    )
    .join('')
    .replaceAll(/['"]/g, '');
}

/** Whether a text has these words, and not only the beginning of others. */
function contains(text: string, words: string): boolean {
  const plain = words.replaceAll(/['"]/g, '');
  for (let at = text.indexOf(plain); at !== -1; at = text.indexOf(plain, at + 1)) {
    if (!/[\w.$]/.test(text.charAt(at + plain.length))) return true;
  }
  return false;
}
