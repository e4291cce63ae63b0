import { createHash } from 'node:crypto';
import type { CopiedRows } from './copy-data.ts';
import { LargeObjectCollector, type LargeObjects } from './large-objects.ts';
import type { ScriptListener } from './script-reader.ts';
import type { CopyTarget, ScriptStatement, SequenceValue } from './script-statement.ts';

/** A table whose rows are in the archive. */
export interface TableEntry extends CopyTarget, CopiedRows {}

/** What an archive holds. Plain data: it can be written as JSON and read again. */
export interface Manifest {
  /** Sorted by name. A partitioned table appears by its partitions, unless it was dumped as a whole. */
  readonly tables: readonly TableEntry[];
  /** Sorted by name. */
  readonly sequences: readonly SequenceValue[];
  readonly largeObjects: LargeObjects;
  /** 64 hex digits, over every statement that defines something, in the archive's order. */
  readonly schemaSha256: string;
  /** 64 hex digits, over all of the above: the same database gives the same digest again. */
  readonly contentDigest: string;
  /** The rows of all tables. */
  readonly rows: number;
  /** The bytes of all rows, as text. */
  readonly bytes: number;
}

/** What the content digest is made of. */
export type ManifestParts = Pick<Manifest, 'tables' | 'sequences' | 'largeObjects' | 'schemaSha256'>;

/** Changes when the digest is made in another way, so that digests of two ways can never be taken for equal. */
const DIGEST_FORMAT = 'postgres-backup content digest 1';

/** No statement holds a zero byte: the script reader makes sure. */
const END_OF_STATEMENT = Buffer.of(0);

/**
 * One digest for a database's contents: its definition, the rows of each table, where its sequences stand, and
 * its large objects. The order of tables and sequences does not matter.
 *
 * It is the SHA-256 of lines of JSON, sorted within their kind.
 *
 * @returns 64 hex digits.
 */
export function contentDigest(parts: ManifestParts): string {
  const tables = parts.tables.map((table) =>
    line('table', table.name, table.columns, table.rows, table.sha256),
  );
  const sequences = parts.sequences.map(({ name, value, called }) => line('sequence', name, value, called));
  const { count, bytes, sha256 } = parts.largeObjects;
  const lines = [
    line(DIGEST_FORMAT),
    line('schema', parts.schemaSha256),
    ...tables.sort(),
    ...sequences.sort(),
    line('large objects', count, bytes, sha256),
  ];
  return createHash('sha256').update(lines.join('')).digest('hex');
}

function line(...values: readonly (string | number | boolean)[]): string {
  return `${JSON.stringify(values)}\n`;
}

/** Builds the manifest of a script while it is read. */
export class ManifestCollector implements ScriptListener {
  readonly #tables = new Map<string, TableEntry>();
  readonly #sequences: SequenceValue[] = [];
  readonly #largeObjects = new LargeObjectCollector();
  readonly #schema = createHash('sha256');

  onRows(target: CopyTarget, rows: CopiedRows): void {
    const entry = { ...target, ...rows };
    const former = this.#tables.get(target.name);
    this.#tables.set(target.name, former === undefined ? entry : merged(former, entry));
  }

  onStatement(statement: Exclude<ScriptStatement, { kind: 'copy' | 'schema' }>): void {
    switch (statement.kind) {
      case 'sequence':
        this.#sequences.push(statement.sequence);
        return;
      case 'large object':
        this.#largeObjects.open(statement.id);
        return;
      case 'large object data':
        this.#largeObjects.write(statement.hex);
        return;
      case 'session':
        return;
    }
  }

  onSchema(piece: Buffer, last: boolean): void {
    this.#schema.update(piece);
    if (last) this.#schema.update(END_OF_STATEMENT);
  }

  /** Call once, after the reader's `end`. */
  finish(): Manifest {
    const tables = [...this.#tables.values()].sort(byName);
    const parts: ManifestParts = {
      tables,
      sequences: this.#sequences.sort(byName),
      largeObjects: this.#largeObjects.finish(),
      schemaSha256: this.#schema.digest('hex'),
    };
    return {
      ...parts,
      contentDigest: contentDigest(parts),
      rows: tables.reduce((sum, table) => sum + table.rows, 0),
      bytes: tables.reduce((sum, table) => sum + table.bytes, 0),
    };
  }
}

/**
 * A table whose rows come in several blocks, as `--load-via-partition-root` makes them. The blocks come in the
 * archive's order, and may name the columns in orders of their own.
 */
function merged(former: TableEntry, next: TableEntry): TableEntry {
  return {
    ...former,
    rows: former.rows + next.rows,
    bytes: former.bytes + next.bytes,
    sha256: createHash('sha256')
      .update(line(former.sha256, next.columns, next.sha256))
      .digest('hex'),
  };
}

/** By code units, so that the order does not depend on the machine's language. */
function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
