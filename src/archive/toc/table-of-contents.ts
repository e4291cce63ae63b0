import { createHash } from 'node:crypto';
import { ScriptError, readStatement } from '../content/script-statement.ts';
import { decoded } from '../names.ts';
import { unreadable } from '../unreadable.ts';
import { CUSTOM_FORMAT, POSITION_SET, type RawEntry, readHead } from './head.ts';
import type { Reading, TocStart } from './toc-bytes.ts';
import { readStart } from './toc-file.ts';

/** The section of a restore that an entry belongs to; `none` for a part of another entry, such as a comment. */
export type TocSection = 'none' | 'pre-data' | 'data' | 'post-data';

/** One thing that an archive can restore. */
export interface TocEntry {
  /** A positive number, unique in the archive; `pg_restore --use-list` identifies the entry by it. */
  readonly dumpId: number;
  /** The OIDs of the catalog and of the object in the database that was dumped; 0 when it is not an object. */
  readonly catalogOid: number;
  readonly oid: number;
  /** Its name, or the names of the table and of itself; unquoted. */
  readonly tag: string;
  /** As `pg_dump` calls it: `TABLE`, `TABLE DATA`, `SEQUENCE SET`, `FK CONSTRAINT` and so on. */
  readonly kind: string;
  readonly section: TocSection;
  /** SQL, or for `BLOB METADATA` a list of OIDs. Empty when there is none, like the texts below. */
  readonly definition: string;
  readonly dropStatement: string;
  readonly copyStatement: string;
  readonly schema: string;
  readonly tablespace: string;
  /** Of a table's rows: `heap`. */
  readonly accessMethod: string;
  readonly owner: string;
  /** Dump ids, also of entries that the archive does not contain. */
  readonly dependencies: readonly number[];
  /** Whether the archive contains rows or large objects for it. */
  readonly hasData: boolean;
  /** Where in the archive its data begin; undefined where it has none, or the archive was written to a pipe. */
  readonly position: number | undefined;
  /** The name in the manifest of the table that it fills or the sequence that it sets. */
  readonly contents: string | undefined;
  /**
   * 64 hex digits, of everything that a restore uses: kind, schema, tag, owner, tablespace, access method, definition
   * and drop statement, byte for byte. OIDs, numbers and dependencies differ from dump to dump, or follow from the rest.
   */
  readonly sha256: string;
}

/** The part of an archive before its data. */
export interface TableOfContents {
  /** Of the archive, such as `1.16`. */
  readonly formatVersion: string;
  /** The name of the database that was dumped. */
  readonly database: string;
  readonly serverVersion: string;
  /** The version of the `pg_dump` that wrote it, such as `17.11`. */
  readonly dumpVersion: string;
  readonly dumpMajor: number;
  /** In the archive's order, which is an order in which they can be restored. */
  readonly entries: readonly TocEntry[];
}

const LINE_FEED = 0x0a;
/** `pg_dump` always puts these into the data section. */
const CONTENTS: ReadonlySet<string> = new Set(['TABLE DATA', 'SEQUENCE SET', 'BLOBS']);
const WITH_DATA: ReadonlySet<string> = new Set(['TABLE DATA', 'BLOBS']);
/** `pg_restore` copies it into a comment of its script, which ends with the line. */
const KIND = /^[A-Z]+(?: [A-Z]+)*$/;
const SECTIONS: ReadonlyMap<number, TocSection> = new Map([
  [1, 'none'],
  [2, 'pre-data'],
  [3, 'data'],
  [4, 'post-data'],
]);

/**
 * Reads the table of contents of a file.
 *
 * @throws UserError when it cannot be read, is no archive, or is not whole up to the end of its table of contents; the
 *   signal's reason when it was aborted.
 */
export function readTableOfContents(archive: string, signal: AbortSignal): Promise<TableOfContents> {
  return readStart(archive, readContents, signal);
}

/**
 * Reads the table of contents of an archive in the custom format from its beginning, which may come in pieces of any size.
 *
 * `pg_restore --list` prints names with spaces ambiguously, and leaves out the SQL.
 *
 * @throws UserError when it is not one, or not whole up to the end of its table of contents.
 */
export function* readContents(start: TocStart): Reading<TableOfContents> {
  let standardStrings = true;
  const { header, entries } = yield* readHead(start, CUSTOM_FORMAT, (raw) => {
    const entry = tocEntry(raw, standardStrings);
    if (entry.kind === 'STDSTRINGS') standardStrings = entry.definition.includes("'on'");
    return entry;
  });
  const { minor, database } = header;
  const [serverVersion, dumpVersion] = [shortVersion(header.serverVersion), shortVersion(header.dumpVersion)];
  const dumpMajor = Number.parseInt(dumpVersion, 10);
  if (Number.isNaN(dumpMajor)) throw unreadable('its header does not name the version of pg_dump');
  return { formatVersion: `1.${minor}`, database, serverVersion, dumpVersion, dumpMajor, entries };
}

/** `17.11 (Debian 17.11-0+deb13u1)` → `17.11`. */
function shortVersion(version: string): string {
  // pg_restore copies it into a comment of its script, which ends with the line.
  if (/[\n\r]/.test(version)) throw unreadable('its header contains an impossible version');
  return version.replace(/ \(.*$/s, '');
}

function tocEntry(raw: RawEntry, standardStrings: boolean): TocEntry {
  const { dumpId, hasData, tag, kind, definition, dropStatement, copyStatement } = raw;
  const { schema, tablespace, accessMethod, owner } = raw;
  const section = SECTIONS.get(raw.section);
  if (section === undefined) throw unreadable(`its table of contents has no section for entry ${dumpId}`);
  const kindName = decoded(kind);
  if (!KIND.test(kindName)) throw unreadable(`its table of contents does not say what entry ${dumpId} is`);
  if (section !== 'data' && (hasData || CONTENTS.has(kindName))) {
    throw unreadable(`its table of contents has entry ${dumpId} in the wrong section`);
  }
  if ((hasData && !WITH_DATA.has(kindName)) || (copyStatement.length > 0 && kindName !== 'TABLE DATA')) {
    throw unreadable(`its table of contents has rows in entry ${dumpId}, which can have none`);
  }
  const contents = kindName === 'SEQUENCE SET' ? definition : copyStatement;
  return {
    dumpId,
    catalogOid: readNumber(raw.catalogOid),
    oid: readNumber(raw.oid),
    tag: decoded(tag),
    kind: kindName,
    section,
    definition: decoded(definition),
    dropStatement: decoded(dropStatement),
    copyStatement: decoded(copyStatement),
    schema: decoded(schema),
    tablespace: decoded(tablespace),
    accessMethod: decoded(accessMethod),
    owner: decoded(owner),
    dependencies: raw.dependencies.map(readNumber),
    hasData,
    position: positionOf(raw),
    contents: contentsOf(kindName, contents, standardStrings),
    sha256: digestOf([kind, schema, tag, owner, tablespace, accessMethod, definition, dropStatement]),
  };
}

function positionOf({ place }: RawEntry): number | undefined {
  if (place.kind !== 'position' || place.state !== POSITION_SET) return undefined;
  return Number(BigInt(`0x${Buffer.from(place.position).reverse().toString('hex')}`));
}

/** Of texts without zero bytes. */
function digestOf(texts: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex');
}

/** `pg_dump` writes OIDs and dump ids as text. */
function readNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw unreadable('its table of contents has text instead of a number');
  return Number(text);
}

/** The name in a COPY or setval statement. Rows may be INSERT statements instead, which are not counted. */
function contentsOf(kind: string, statement: Buffer, standardStrings: boolean): string | undefined {
  if (statement.length === 0 || (kind !== 'SEQUENCE SET' && kind !== 'TABLE DATA')) return undefined;
  try {
    const read = readStatement(statement.subarray(0, endWithout(LINE_FEED, statement)), standardStrings);
    if (read.kind === 'copy' && kind === 'TABLE DATA') return read.target.name;
    if (read.kind === 'sequence' && kind === 'SEQUENCE SET') return read.sequence.name;
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
  }
  throw unreadable(
    'its table of contents has data with a statement that neither fills a table nor sets a sequence',
  );
}

function endWithout(byte: number, bytes: Buffer): number {
  let end = bytes.length;
  while (bytes[end - 1] === byte) end -= 1;
  return end;
}
