import { createHash } from 'node:crypto';
import type { CopiedRows } from './copy-data.ts';
import { LargeObjectCollector, type LargeObjects } from './large-objects.ts';
import type { ScriptListener } from './script-reader.ts';
import type { CopyTarget, ScriptStatement, SequenceValue } from './script-statement.ts';
import { commonKind } from './text-kind.ts';

/** A table whose rows are in the archive. */
export interface TableEntry extends CopyTarget, CopiedRows {}

/** The contents of a script of data. */
export interface Contents {
  /** Sorted by name. A partitioned table appears by its partitions, unless it was dumped as a whole. */
  readonly tables: readonly TableEntry[];
  /** Sorted by name. */
  readonly sequences: readonly SequenceValue[];
  readonly largeObjects: LargeObjects;
}

/** Something that an archive defines: a table, an index, a comment, privileges and so on. */
export interface Definition {
  /** As `pg_dump` calls it: `TABLE`, `FK CONSTRAINT`, `ACL`. */
  readonly kind: string;
  /** Its schema and name, unquoted. Not unique. */
  readonly name: string;
  /** 64 hex digits, of everything that the archive contains about it, byte for byte. */
  readonly sha256: string;
}

/** The input of the content digest. */
export interface ManifestParts extends Contents {
  /** Sorted by kind, name and digest. */
  readonly definitions: readonly Definition[];
}

/** The contents of an archive. Plain data: it can be written as JSON and read again. */
export interface Manifest extends ManifestParts {
  /** 64 hex digits, of all of the above: the same for the same contents of a database. */
  readonly contentDigest: string;
  /** The rows of all tables. */
  readonly rows: number;
  /** The bytes of all rows, as text. */
  readonly bytes: number;
}

/** Changes with the way in which the digest is made, so that two ways never give the same digest. */
const DIGEST_FORMAT = 'postgres-backup content digest 3';

/**
 * One digest for a database's contents: its definitions, the rows of each table, the values of its sequences, and
 * its large objects. The order of definitions, tables and sequences does not matter.
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
  const definitions = parts.definitions.map(({ kind, name, sha256: digest }) =>
    line('definition', kind, name, digest),
  );
  const { count, bytes, sha256 } = parts.largeObjects;
  const lines = [
    line(DIGEST_FORMAT),
    ...definitions.sort(),
    ...tables.sort(),
    ...sequences.sort(),
    line('large objects', count, bytes, sha256),
  ];
  return createHash('sha256').update(lines.join('')).digest('hex');
}

function line(...values: readonly (string | number | boolean)[]): string {
  return `${JSON.stringify(values)}\n`;
}

/** The manifest of an archive with these contents. */
export function manifestOf(contents: Contents, definitions: readonly Definition[]): Manifest {
  const parts: ManifestParts = { ...contents, definitions };
  return {
    ...parts,
    contentDigest: contentDigest(parts),
    rows: contents.tables.reduce((sum, table) => sum + table.rows, 0),
    bytes: contents.tables.reduce((sum, table) => sum + table.bytes, 0),
  };
}

/** Collects the contents of a script while it is read. */
export class ContentsCollector implements ScriptListener {
  readonly #tables = new Map<string, TableEntry>();
  readonly #sequences: SequenceValue[] = [];
  readonly #largeObjects = new LargeObjectCollector();

  onRows(target: CopyTarget, rows: CopiedRows): void {
    const entry = { ...target, ...rows };
    const previous = this.#tables.get(target.name);
    this.#tables.set(target.name, previous === undefined ? entry : merged(previous, entry));
  }

  onStatement(statement: Exclude<ScriptStatement, { kind: 'copy' }>): void {
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

  /** Call once, after the reader's `end`. */
  finish(): Contents {
    return {
      tables: [...this.#tables.values()].sort(byName),
      sequences: this.#sequences.sort(byName),
      largeObjects: this.#largeObjects.finish(),
    };
  }
}

/**
 * A table whose rows are in several blocks, as with `--load-via-partition-root`. The blocks are in the archive's
 * order, and each may list the columns in another order.
 */
function merged(previous: TableEntry, next: TableEntry): TableEntry {
  return {
    ...previous,
    rows: previous.rows + next.rows,
    bytes: previous.bytes + next.bytes,
    sha256: createHash('sha256')
      .update(line(previous.sha256, next.columns, next.sha256))
      .digest('hex'),
    text: commonKind([previous.text, next.text]),
  };
}

/** By code units, so that the order does not depend on the machine's language. */
function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
