import type { Manifest } from '../../archive/content/manifest.ts';
import { isOlderThanTools } from '../../postgres/older-server.ts';
import type { ServerFacts } from '../../postgres/preflight.ts';
import type { DumpFilters } from '../dump/dump-filters.ts';
import { selection } from '../dump/selection.ts';

/** What the commands that restore a backup depend on, beside where it is stored. */
export interface RestoreCommand {
  /** Whether the server is too old for a `pg_restore` of these tools that connects to it. */
  readonly throughPsql: boolean;
  /** Whether the archive creates the schema public, which every new database has. */
  readonly createsPublic: boolean;
  /** The schemas that the archive needs and does not create; undefined where they may not show. */
  readonly schemasNeeded: readonly string[] | undefined;
}

/**
 * What a backup needs to be restored into an empty database of the same version.
 *
 * @param made.silent whether nothing of the content may show.
 */
export function restoreCommand(made: {
  readonly server: Pick<ServerFacts, 'major' | 'relations'>;
  readonly toolsMajor: number;
  readonly filters: DumpFilters;
  readonly definitions: Manifest['definitions'];
  readonly silent: boolean;
}): RestoreCommand {
  const { server, filters, definitions } = made;
  const ofTables = filters.tables.length > 0;
  const { includes } = selection(filters, server.relations);
  const schemas = ofTables ? server.relations.filter(includes).map(({ schema }) => schema) : [];
  const needed = [...new Set(schemas)].filter((schema) => schema !== 'public');
  return {
    throughPsql: isOlderThanTools(made.toolsMajor, server.major),
    // Of a whole database, the entry of this schema creates nothing.
    createsPublic:
      filters.schemas.length > 0 &&
      definitions.some(({ kind, name }) => kind === 'SCHEMA' && name === 'public'),
    schemasNeeded: made.silent && needed.length > 0 ? undefined : needed,
  };
}
