import { decoded } from '../names.ts';
import { unreadable } from '../unreadable.ts';
import { NO_BYTES, type Reading, type TocBytes, type TocStart } from './toc-bytes.ts';

/** Where the data of an entry is: in the custom format a position in the archive, in a directory a file. */
export type DataPlace =
  | {
      readonly kind: 'position';
      /** `K_OFFSET_POS_NOT_SET`, `K_OFFSET_POS_SET` or `K_OFFSET_NO_DATA` in pg_backup_archiver.h. */
      readonly state: number;
      /** From the beginning of the archive, its lowest byte first. */
      readonly position: Buffer;
    }
  | {
      readonly kind: 'file';
      /** Empty for an entry without data. */
      readonly name: Buffer | undefined;
    };

/** The header of an archive: its bytes as they are, and what they say. */
export interface Header {
  readonly bytes: Buffer;
  readonly minor: number;
  readonly offsetBytes: number;
  readonly format: number;
  /** Its algorithm, or before version 1.15 the level of gzip. */
  readonly compression: number;
  readonly database: string;
  readonly serverVersion: string;
  readonly dumpVersion: string;
}

/** An entry of a table of contents: its bytes as they are but for its place, and what they say. */
export interface RawEntry {
  readonly bytes: Buffer;
  readonly dumpId: number;
  readonly hasData: boolean;
  readonly catalogOid: string;
  readonly oid: string;
  readonly tag: Buffer;
  readonly kind: Buffer;
  readonly section: number;
  readonly definition: Buffer;
  readonly dropStatement: Buffer;
  readonly copyStatement: Buffer;
  readonly schema: Buffer;
  readonly tablespace: Buffer;
  readonly accessMethod: Buffer;
  readonly owner: Buffer;
  readonly dependencies: readonly string[];
  readonly place: DataPlace;
}

/** The part of an archive before its data, from which the same bytes can be written. */
export interface Head {
  readonly header: Header;
  readonly entries: readonly RawEntry[];
}

/** `archCustom` and `archTar` in pg_backup.h; `toc.dat` of a directory names the latter. */
export const CUSTOM_FORMAT = 1;
export const DIRECTORY_FORMAT = 3;
export const POSITION_SET = 2;
export const NO_DATA = 3;

const MAGIC = 'PGDMP';
/** After the magic word, the version, and the sizes of integers and positions. */
const FORMAT_AT = 10;
const INTEGER_BYTES = 4;
const TIME_INTEGERS = 7;
const OLDEST_MINOR = 12;
const NEWEST_MINOR = 16;
/** More than any database has objects. `pg_restore` allocates memory for each number up to the highest. */
const MOST_ENTRIES = 10_000_000;
const HIGHEST_DUMP_ID = 100_000_000;
const MOST_DEPENDENCIES = 1_000_000;
const LONGEST_NUMBER = 10;

/**
 * Reads the head of an archive, versions 1.12 to 1.16 of its format (`pg_dump` 9.0 to 18): what `WriteHead` and `WriteToc` in
 * pg_backup_archiver.c write, and `_WriteExtraToc` in pg_backup_custom.c or pg_backup_directory.c.
 *
 * @param convert gets each entry, in the archive's order.
 * @throws UserError when it is none, or not whole up to the end of its table of contents.
 */
export function* readHead<T>(
  start: TocStart,
  format: typeof CUSTOM_FORMAT | typeof DIRECTORY_FORMAT,
  convert: (entry: RawEntry) => T,
): Reading<{ readonly header: Header; readonly entries: readonly T[] }> {
  const header = yield* start.read((bytes) => readHeader(bytes, format));
  const count = yield* start.read((bytes) => bytes.integer());
  if (count < 0 || count > MOST_ENTRIES) {
    throw unreadable(`its table of contents has the invalid length ${count}`);
  }
  const entries: T[] = [];
  const ids = new Set<number>();
  while (entries.length < count) {
    const entry = yield* start.read((bytes) => readEntry(bytes, header));
    if (ids.has(entry.dumpId)) throw unreadable(`its table of contents has entry ${entry.dumpId} twice`);
    ids.add(entry.dumpId);
    entries.push(convert(entry));
  }
  return { header, entries };
}

/** The bytes that a head was read from. */
export function headBytes({ header, entries }: Head): Buffer {
  return Buffer.concat([
    header.bytes,
    integerBytes(entries.length),
    ...entries.flatMap(({ bytes, place }) => [bytes, placeBytes(place)]),
  ]);
}

/** The same head in the custom format. @param placeOf the new place of an entry's data. */
export function inCustomFormat(head: Head, placeOf: (entry: RawEntry) => DataPlace): Head {
  const bytes = Buffer.from(head.header.bytes);
  bytes[FORMAT_AT] = CUSTOM_FORMAT;
  return {
    header: { ...head.header, bytes, format: CUSTOM_FORMAT },
    entries: head.entries.map((entry) => ({ ...entry, place: placeOf(entry) })),
  };
}

/** As `WriteInt` writes it: a sign, then the absolute value, its lowest byte first. */
export function integerBytes(value: number): Buffer {
  const bytes = Buffer.alloc(1 + INTEGER_BYTES);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}

function placeBytes(place: DataPlace): Buffer {
  if (place.kind === 'position') return Buffer.concat([Buffer.of(place.state), place.position]);
  if (place.name === undefined) return integerBytes(-1);
  return Buffer.concat([integerBytes(place.name.length), place.name]);
}

function readHeader(bytes: TocBytes, wanted: number): Header {
  if (bytes.take(MAGIC.length).toString('latin1') !== MAGIC)
    throw unreadable('it was not written by pg_dump -Fc');
  const [major, minor] = [bytes.byte(), bytes.byte()];
  bytes.byte();
  if (major !== 1 || minor < OLDEST_MINOR || minor > NEWEST_MINOR) {
    throw unreadable(`version ${major}.${minor} of its format is not supported (1.12 to 1.16 are)`);
  }
  const [integerSize, offsetBytes] = [bytes.byte(), bytes.byte()];
  if (integerSize !== INTEGER_BYTES || offsetBytes < 4 || offsetBytes > 8) {
    throw unreadable(`its header has invalid sizes (${integerSize} and ${offsetBytes})`);
  }
  const format = bytes.byte();
  if (format !== wanted) {
    throw unreadable(
      wanted === CUSTOM_FORMAT
        ? 'it is not in the custom format (pg_dump -Fc)'
        : 'it is not in the directory format (pg_dump -Fd)',
    );
  }
  const compression = minor >= 15 ? bytes.byte() : bytes.integer();
  // When it was made, from seconds to daylight saving time, in an unknown time zone.
  for (let part = 0; part < TIME_INTEGERS; part += 1) bytes.integer();
  const [database, serverVersion, dumpVersion] = [bytes.string(), bytes.string(), bytes.string()];
  return {
    ...{ bytes: bytes.taken(), minor, offsetBytes, format, compression },
    ...{ database, serverVersion, dumpVersion },
  };
}

function readEntry(bytes: TocBytes, { minor, offsetBytes, format }: Header): RawEntry {
  const dumpId = bytes.integer();
  if (dumpId <= 0 || dumpId > HIGHEST_DUMP_ID) {
    throw unreadable(`its table of contents has an entry with the invalid number ${dumpId}`);
  }
  const text = (): Buffer => bytes.text() ?? NO_BYTES;
  const hasData = bytes.integer() !== 0;
  const [catalogOid, oid] = [bytes.string(), bytes.string()];
  const [tag, kind] = [bytes.name(), bytes.name()];
  const section = bytes.integer();
  const [definition, dropStatement, copyStatement] = [text(), text(), text()];
  const [schema, tablespace] = [bytes.name(), bytes.name()];
  const accessMethod = minor >= 14 ? bytes.name() : NO_BYTES;
  if (minor >= 16) bytes.integer(); // the kind of relation
  const owner = bytes.name();
  bytes.string(); // whether the table has OIDs
  const dependencies = readDependencies(bytes);
  const own = bytes.taken();
  const place =
    format === CUSTOM_FORMAT
      ? readPosition(bytes, dumpId, offsetBytes)
      : ({ kind: 'file', name: bytes.text() } as const);
  return {
    ...{ bytes: own, dumpId, hasData, catalogOid, oid, tag, kind, section },
    ...{ definition, dropStatement, copyStatement, schema, tablespace, accessMethod, owner },
    ...{ dependencies, place },
  };
}

function readPosition(bytes: TocBytes, dumpId: number, offsetBytes: number): DataPlace {
  const state = bytes.byte();
  if (state < 1 || state > NO_DATA)
    throw unreadable(`its table of contents does not say where the data of entry ${dumpId} is`);
  return { kind: 'position', state, position: bytes.take(offsetBytes) };
}

function readDependencies(bytes: TocBytes): string[] {
  const dependencies: string[] = [];
  for (let id = bytes.text(LONGEST_NUMBER); id !== undefined; id = bytes.text(LONGEST_NUMBER)) {
    dependencies.push(decoded(id));
    if (dependencies.length > MOST_DEPENDENCIES) {
      throw unreadable('its table of contents has an entry with too many dependencies');
    }
  }
  return dependencies;
}
