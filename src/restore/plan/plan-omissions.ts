import { plainLine } from '../../runner/plain-text.ts';
import { isOfDatabase } from '../../archive/toc/database-entries.ts';
import { identityOf } from '../../archive/toc/identity.ts';
import { nameKey } from '../../archive/names.ts';
import type { LeftOut, PlanRequest, RestoreOptions } from './plan-request.ts';
import { providersOf } from './label-providers.ts';
import { isOwned, whyNotItsOwner } from './plan-owners.ts';
import { describeMissing } from './plan-policies.ts';
import { commentOf, rolesOfPolicy, schemaOfTag, userMapping } from '../../archive/toc/statement-names.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TargetFacts } from './target.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';
import { Unprivileged } from './unprivileged.ts';

/** Why an entry is left out; silently where the user has asked for it, or something else says it already. */
type Reason = Omit<LeftOut, 'entry'> | 'silently' | undefined;

const THERE_ALREADY: Reason = { why: 'the target has it already', level: 'info' };

/** What is left of the entries when everything that would fail on the target without need is left out. */
export function leaveOutWhatFails(
  index: TocIndex,
  entries: ReadonlySet<TocEntry>,
  request: PlanRequest,
): { readonly kept: readonly TocEntry[]; readonly leftOut: readonly LeftOut[] } {
  const gone = new Set<TocEntry>();
  const leftOut: LeftOut[] = [];
  const unprivileged = new Unprivileged(index, request.target);
  const kept = index.entries.filter((entry) => {
    if (!entries.has(entry)) return false;
    const home = index.ownerOf(entry);
    const homeIsGone = home !== undefined && gone.has(home);
    const reason = new Rules(request, home, homeIsGone).reasonFor(entry) ?? reasonOf(unprivileged, entry);
    if (reason === undefined) return true;
    gone.add(entry);
    if (reason !== 'silently') leftOut.push({ entry, ...reason });
    return false;
  });
  return { kept, leftOut };
}

function reasonOf(unprivileged: Unprivileged, entry: TocEntry): Reason {
  if (unprivileged.keepsPresent(entry)) return THERE_ALREADY;
  const why = unprivileged.whyNot(entry);
  return why === undefined ? undefined : { why, level: 'warning' };
}

/** What is known to fail on servers where the role is not a superuser, or where something is missing or there already. */
class Rules {
  readonly #request: PlanRequest;
  readonly #target: TargetFacts;
  readonly #options: RestoreOptions;
  readonly #home: TocEntry | undefined;
  readonly #homeIsGone: boolean;

  constructor(request: PlanRequest, home: TocEntry | undefined, homeIsGone: boolean) {
    this.#request = request;
    this.#target = request.target;
    this.#options = request.options;
    this.#home = home;
    this.#homeIsGone = homeIsGone;
  }

  reasonFor(entry: TocEntry): Reason {
    if (this.#options.kindsLeftOut.has(entry.kind)) return 'silently';
    // See plan-database.ts.
    if (isOfDatabase(entry)) return 'silently';
    switch (entry.kind) {
      case 'SCHEMA':
        // The entry of a schema that every database has is about its owner alone.
        if (this.#givesOwner(entry)) return undefined;
        return this.#isPresent(entry.kind, entry.tag) ? THERE_ALREADY : undefined;
      case 'EXTENSION':
        return this.#isPresent(entry.kind, entry.tag) ? THERE_ALREADY : undefined;
      case 'ACL':
      case 'DEFAULT ACL':
        return this.#options.noPrivileges ? 'silently' : this.#privileges(entry);
      case 'COMMENT':
        return this.#comment(entry);
      case 'SECURITY LABEL':
        return this.#part() ?? this.#label(entry);
      case 'SUBSCRIPTION':
      case 'SUBSCRIPTION TABLE':
        return {
          why: 'it would take changes from its publisher from now on; create it yourself once the restored database is in use',
          level: 'warning',
        };
      case 'POLICY':
        return this.#policy(entry);
      case 'USER MAPPING':
        return this.#missing([userMapping(entry.definition).role]) ?? this.#part();
      case 'STATISTICS DATA':
        if (this.#target.major >= 18) return this.#part();
        return { why: 'only PostgreSQL 18 and newer can take them; run ANALYZE', level: 'info' };
      case 'TABLE DATA':
      case 'SEQUENCE SET':
        return this.#rows(entry);
      default:
        return this.#part();
    }
  }

  /** A part of something that is left out has nothing to be a part of. */
  #part(): Reason {
    return this.#homeIsGone ? 'silently' : undefined;
  }

  #givesOwner(entry: TocEntry): boolean {
    const { isSuperuser, schemas, canCreateInDatabase, user } = this.#target;
    if (!entry.definition.startsWith('--') || !isOwned(entry) || this.#options.noOwner) return false;
    const mayGive = isSuperuser || (canCreateInDatabase && schemas.get(entry.tag)?.owned === true);
    return mayGive && entry.owner !== user && whyNotItsOwner(entry, this.#request) === undefined;
  }

  #isPresent(kind: string, name: string): boolean {
    return this.#target.identities.has(nameKey(kind, '', name));
  }

  #comment(entry: TocEntry): Reason {
    if (entry.tag.startsWith('EXTENSION ')) return this.#commentOnExtension(entry);
    return this.#ofSchema(entry, 'info') ?? this.#partOfCreated();
  }

  #label(entry: TocEntry): Reason {
    const { missingProviders, isSuperuser, user } = this.#target;
    const missing = providersOf(entry).filter((name) => missingProviders.has(name));
    if (missing.length > 0) {
      const names = missing.map(plainLine).join(', ');
      const why = `the server has not loaded the provider ${names}: load it (session_preload_libraries) and restore again, or set the label yourself`;
      return { why, level: 'warning' };
    }
    if (isSuperuser) return undefined;
    const why = `its provider decides whether ${plainLine(user)} may set it: set it as a superuser`;
    return { why, level: 'warning' };
  }

  /**
   * `pg_dump` writes the comment that every extension comes with. Only another one is restored where the user is no superuser:
   * on managed servers, who creates an extension may not own it.
   */
  #commentOnExtension({ definition }: TocEntry): Reason {
    const { extensions, isSuperuser, user } = this.#target;
    const present = extensions.get(this.#home?.tag ?? '');
    const isSame = present !== undefined && present.comment === commentOf(definition);
    if (!this.#homeIsGone) return isSame && !isSuperuser ? 'silently' : undefined;
    if (isSame) return 'silently';
    return present?.owned === true
      ? undefined
      : { why: `${plainLine(user)} does not own the extension`, level: 'info' };
  }

  /** Something about a schema that the target has already: its owner's business. */
  #ofSchema({ tag }: TocEntry, level: LeftOut['level']): Reason {
    const name = schemaOfTag(tag);
    const schema = name === undefined ? undefined : this.#target.schemas.get(name);
    return schema === undefined || schema.owned
      ? undefined
      : { why: `${plainLine(this.#target.user)} does not own the schema`, level };
  }

  /** What belongs to a schema that is there already goes with it; what belongs to anything else that is left out, does not. */
  #partOfCreated(): Reason {
    return this.#home?.kind === 'SCHEMA' ? undefined : this.#part();
  }

  /** What of its statements is restored is decided one by one; here, whether any can be. */
  #privileges(entry: TocEntry): Reason {
    return this.#ofSchema(entry, 'warning') ?? this.#ofSystem(entry) ?? this.#partOfCreated();
  }

  /** Privileges on functions of the system and of extensions, which belong to whoever made the server. */
  #ofSystem({ kind, tag }: TocEntry): Reason {
    const home = this.#home;
    const isKept =
      this.#homeIsGone && home !== undefined && this.#target.identities.has(identityOf(home) ?? '');
    const isSystem = home === undefined || home.kind === 'EXTENSION' || isKept;
    if (kind === 'DEFAULT ACL' || !isSystem || this.#target.isSuperuser) return undefined;
    if (schemaOfTag(tag) !== undefined) return undefined;
    return { why: 'only a superuser may change them', level: 'warning' };
  }

  #policy(entry: TocEntry): Reason {
    const roles = rolesOfPolicy(entry.definition);
    // For those that exist it is restored (see plan-policies.ts).
    if (roles.length === 0 || roles.some((role) => this.#target.roles.has(role))) return this.#part();
    const [whom, members] = roles.length === 1 ? ['it', 'its'] : ['them', 'their'];
    const why = `${describeMissing(roles)}, and the policy is only for ${whom} and ${members} members`;
    return this.#part() ?? { why, level: 'warning' };
  }

  #missing(roles: readonly string[]): Reason {
    const missing = roles.filter((role) => role !== '' && !this.#target.roles.has(role));
    return missing.length === 0 ? undefined : { why: describeMissing(missing), level: 'warning' };
  }

  /** Rows without a table in the archive are those of an extension's configuration table. */
  #rows({ schema, tag }: TocEntry): Reason {
    if (this.#home !== undefined) return this.#part();
    return this.#target.identities.has(nameKey('relation of an extension', schema, tag))
      ? { why: 'the extension that it belongs to is there already', level: 'warning' }
      : undefined;
  }
}
