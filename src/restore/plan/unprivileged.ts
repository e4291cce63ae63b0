import { UserError } from '../../errors.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { displayKind, displayName } from '../../archive/toc/entry-names.ts';
import { identityOf } from '../../archive/toc/identity.ts';
import { isBaseType, isForAll, isMachineCode, wrapperOfServer } from '../../archive/toc/statement-names.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';
import type { TargetFacts } from './target.ts';

/** Kinds that PostgreSQL lets only superusers create. */
const OF_SUPERUSERS: ReadonlySet<string> = new Set([
  ...['ACCESS METHOD', 'EVENT TRIGGER', 'FOREIGN DATA WRAPPER', 'OPERATOR CLASS', 'OPERATOR FAMILY'],
  ...['PROCEDURAL LANGUAGE', 'TEXT SEARCH PARSER', 'TEXT SEARCH TEMPLATE'],
]);

/** Whether PostgreSQL lets only superusers create it: code for the server, or what works on bytes. */
function isOfSuperusers({ kind, definition }: TocEntry): boolean {
  if (kind === 'FUNCTION') return isMachineCode(definition);
  if (kind === 'TYPE' || kind === 'SHELL TYPE') return isBaseType(definition);
  return OF_SUPERUSERS.has(kind) || (kind === 'CAST' && definition.includes(' WITHOUT FUNCTION'));
}

/** Kinds with rows: without them, a restore is none. */
const WITH_ROWS: ReadonlySet<string> = new Set(['TABLE', 'MATERIALIZED VIEW', 'SEQUENCE']);

/** What a role that is no superuser cannot create, and what needs that. */
export class Unprivileged {
  readonly #index: TocIndex;
  readonly #target: TargetFacts;
  /** What cannot be created, each with the reason and what that reason is about. */
  readonly #unavailable = new Map<TocEntry, { readonly root: TocEntry; readonly why: string }>();

  constructor(index: TocIndex, target: TargetFacts) {
    this.#index = index;
    this.#target = target;
  }

  /** Whether a role that is no superuser uses what the target has, instead of replacing it. */
  keepsPresent(entry: TocEntry): boolean {
    const { isSuperuser, identities } = this.#target;
    return !isSuperuser && isOfSuperusers(entry) && identities.has(identityOf(entry) ?? '');
  }

  /**
   * Why an entry cannot be created, if the entries that it needs have been asked about before.
   *
   * @throws UserError when it has rows.
   */
  whyNot(entry: TocEntry): string | undefined {
    if (this.#target.isSuperuser) return undefined;
    const own = this.#whyNotItself(entry);
    const needed = this.#index.dependenciesOf(entry).find((other) => this.#unavailable.has(other));
    const cause = needed && this.#unavailable.get(needed);
    if (own !== undefined) this.#unavailable.set(entry, { root: entry, why: own });
    if (own !== undefined || needed === undefined || cause === undefined) return own;
    if (WITH_ROWS.has(entry.kind)) throw refused(entry, cause);
    this.#unavailable.set(entry, cause);
    return `it needs the ${displayKind(needed)} ${displayName(needed)}, which is left out`;
  }

  #whyNotItself(entry: TocEntry): string | undefined {
    const { kind, definition } = entry;
    const { user, wrappers, canCreateInDatabase } = this.#target;
    if (isOfSuperusers(entry)) return 'only a superuser may create it';
    if (kind === 'PUBLICATION TABLES IN SCHEMA') return 'only a superuser may add a schema to a publication';
    if (kind === 'PUBLICATION') {
      if (isForAll(definition)) return 'only a superuser may create one for all tables';
      return canCreateInDatabase
        ? undefined
        : `${plainLine(user)} lacks the CREATE privilege on the database`;
    }
    const wrapper = kind === 'SERVER' ? wrapperOfServer(definition) : '';
    return wrappers.get(wrapper)?.has(user) === false
      ? `${plainLine(user)} lacks the USAGE privilege on the foreign-data wrapper ${plainLine(wrapper)}`
      : undefined;
  }
}

function refused(
  entry: TocEntry,
  { root, why }: { readonly root: TocEntry; readonly why: string },
): UserError {
  return new UserError(
    'restore-refused',
    `The ${displayKind(entry)} ${displayName(entry)} cannot be restored without the ${displayKind(root)} ${displayName(root)}: ${why}.`,
    'Restore as a superuser, or have a superuser create that in the target first. Nothing was changed.',
    { silent: { message: 'Something in the backup can only be created by a superuser.' } },
  );
}
