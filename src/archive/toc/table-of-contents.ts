import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { UserError, cancelledOr, messageOf } from '../../errors.ts';
import { ScriptError, readStatement } from '../content/script-statement.ts';
import { decoded } from '../names.ts';
import { unreadable } from '../unreadable.ts';
import { NO_BYTES, type Reading, type TocBytes, TocStart } from './toc-bytes.ts';

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

type Header = Omit<TableOfContents, 'entries'> & { readonly minor: number; readonly offsetBytes: number };

const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;
const CUSTOM_FORMAT = 1;
const OLDEST_MINOR = 12;
const NEWEST_MINOR = 16;
/** More than any database has objects. `pg_restore` allocates memory for each number up to the highest. */
const MOST_ENTRIES = 10_000_000;
const HIGHEST_DUMP_ID = 100_000_000;
const MOST_DEPENDENCIES = 1_000_000;
const LONGEST_NUMBER = 10;
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
export async function readTableOfContents(archive: string, signal: AbortSignal): Promise<TableOfContents> {
  const start = new TocStart();
  const reading = readContents(start);
  try {
    const file = await open(archive);
    try {
      for (;;) {
        const read = reading.next();
        if (read.done === true) return read.value;
        signal.throwIfAborted();
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
        if (bytesRead === 0) start.end();
        else start.add(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw cancelledOr(signal, () =>
      error instanceof UserError ? error : unreadable(messageOf(error), error),
    );
  }
}

/**
 * Reads the table of contents of an archive in the custom format, versions 1.12 to 1.16 (`pg_dump` 9.0 to 18), from its
 * beginning, which may come in pieces of any size.
 *
 * `pg_restore --list` prints names with spaces ambiguously, and leaves out the SQL. (The format is what `WriteHead`
 * and `WriteToc` in pg_backup_archiver.c and `_WriteExtraToc` in pg_backup_custom.c write.)
 *
 * @throws UserError when it is not one, or not whole up to the end of its table of contents.
 */
export function* readContents(start: TocStart): Reading<TableOfContents> {
  const { minor, offsetBytes, ...header } = yield* start.read(readHeader);
  const count = yield* start.read((bytes) => bytes.integer());
  if (count < 0 || count > MOST_ENTRIES) {
    throw unreadable(`its table of contents has the invalid length ${count}`);
  }
  const entries: TocEntry[] = [];
  const ids = new Set<number>();
  let standardStrings = true;
  while (entries.length < count) {
    const format: EntryFormat = { minor, offsetBytes, standardStrings };
    const entry: TocEntry = yield* start.read((bytes) => readEntry(bytes, format));
    if (ids.has(entry.dumpId)) throw unreadable(`its table of contents has entry ${entry.dumpId} twice`);
    ids.add(entry.dumpId);
    entries.push(entry);
    if (entry.kind === 'STDSTRINGS') standardStrings = entry.definition.includes("'on'");
  }
  return { ...header, entries };
}

function readHeader(bytes: TocBytes): Header {
  if (bytes.take(5).toString('latin1') !== 'PGDMP') throw unreadable('it was not written by pg_dump -Fc');
  const [major, minor] = [bytes.byte(), bytes.byte()];
  bytes.byte();
  const formatVersion = `${major}.${minor}`;
  if (major !== 1 || minor < OLDEST_MINOR || minor > NEWEST_MINOR) {
    throw unreadable(`version ${formatVersion} of its format is not supported (1.12 to 1.16 are)`);
  }
  const integerBytes = bytes.byte();
  const offsetBytes = bytes.byte();
  if (integerBytes !== 4 || offsetBytes < 4 || offsetBytes > 8) {
    throw unreadable(`its header has invalid sizes (${integerBytes} and ${offsetBytes})`);
  }
  if (bytes.byte() !== CUSTOM_FORMAT) throw unreadable('it is not in the custom format (pg_dump -Fc)');
  // The compression: its algorithm, or the level of gzip.
  if (minor >= 15) bytes.byte();
  else bytes.integer();
  // When it was made, from seconds to daylight saving time, in an unknown time zone.
  for (let part = 0; part < 7; part += 1) bytes.integer();
  const [database, serverVersion, dumpVersion] = [bytes.string(), readVersion(bytes), readVersion(bytes)];
  const dumpMajor = Number.parseInt(dumpVersion, 10);
  if (Number.isNaN(dumpMajor)) throw unreadable('its header does not name the version of pg_dump');
  return { formatVersion, database, serverVersion, dumpVersion, dumpMajor, minor, offsetBytes };
}

/** `17.11 (Debian 17.11-0+deb13u1)` → `17.11`. */
function readVersion(bytes: TocBytes): string {
  const version = bytes.string();
  // pg_restore copies it into a comment of its script, which ends with the line.
  if (/[\n\r]/.test(version)) throw unreadable('its header contains an impossible version');
  return version.replace(/ \(.*$/s, '');
}

interface EntryFormat {
  readonly minor: number;
  readonly offsetBytes: number;
  readonly standardStrings: boolean;
}

function readEntry(bytes: TocBytes, { minor, offsetBytes, standardStrings }: EntryFormat): TocEntry {
  const dumpId = bytes.integer();
  if (dumpId <= 0 || dumpId > HIGHEST_DUMP_ID) {
    throw unreadable(`its table of contents has an entry with the invalid number ${dumpId}`);
  }
  const hasData = bytes.integer() !== 0;
  const [catalogOid, oid] = [readNumber(bytes.string()), readNumber(bytes.string())];
  const text = (): Buffer => bytes.text() ?? NO_BYTES;
  const [tag, kind] = [bytes.name(), bytes.name()];
  const section = SECTIONS.get(bytes.integer());
  if (section === undefined) throw unreadable(`its table of contents has no section for entry ${dumpId}`);
  const [definition, dropStatement, copyStatement] = [text(), text(), text()];
  const [schema, tablespace] = [bytes.name(), bytes.name()];
  const accessMethod = minor >= 14 ? bytes.name() : NO_BYTES;
  if (minor >= 16) bytes.integer(); // the kind of relation
  const owner = bytes.name();
  bytes.string(); // whether the table has OIDs
  const dependencies = readDependencies(bytes);
  const dataState = bytes.byte();
  if (dataState < 1 || dataState > 3)
    throw unreadable(`its table of contents does not say where the data of entry ${dumpId} is`);
  bytes.take(offsetBytes);
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
    catalogOid,
    oid,
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
    dependencies,
    hasData,
    contents: contentsOf(kindName, contents, standardStrings),
    sha256: digestOf([kind, schema, tag, owner, tablespace, accessMethod, definition, dropStatement]),
  };
}

function readDependencies(bytes: TocBytes): number[] {
  const dependencies: number[] = [];
  for (let id = bytes.text(LONGEST_NUMBER); id !== undefined; id = bytes.text(LONGEST_NUMBER)) {
    dependencies.push(readNumber(id.toString('latin1')));
    if (dependencies.length > MOST_DEPENDENCIES) {
      throw unreadable('its table of contents has an entry with too many dependencies');
    }
  }
  return dependencies;
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
