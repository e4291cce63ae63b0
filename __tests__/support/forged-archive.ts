/** The parts of an archive of version 1.16 (pg_dump 17 and 18), taken to pieces so that a test can change them. */
export interface ArchiveParts {
  /** The texts of the header: the database, its server's version and that of pg_dump. */
  readonly versions: [string, string, string];
  readonly entries: EntryParts[];
  /** What stands behind the table of contents. */
  data: Buffer;
  /** How many entries the archive claims to have, where that is not how many there are. */
  claimed?: number;
}

/** An entry of the table of contents, as `WriteToc` writes it (pg_backup_archiver.c). */
export interface EntryParts {
  id: number;
  hasData: number;
  catalogOid: string;
  oid: string;
  tag: string;
  kind: string;
  section: number;
  definition: string;
  drop: string;
  copy: string;
  schema: string | undefined;
  tablespace: string | undefined;
  accessMethod: string | undefined;
  relationKind: number;
  owner: string;
  withOids: string;
  dependencies: string[];
  whereabouts: number;
}

const OFFSET_BYTES = 8;
const POSITION_NOT_SET = 1;
const POSITION_SET = 2;
/** The magic word, the version, the sizes of numbers, the format, the compression. */
const START_BYTES = 5 + 3 + 2 + 1 + 1;
const TIME_NUMBERS = 7;
const NUMBER_BYTES = 5;

/**
 * Writes an archive of version 1.16 anew after a change. Blocks of data are found by going through them then, as in an
 * archive that was written to a pipe, so that the table of contents may grow.
 */
export function forgedArchive(archive: Buffer, change: (parts: ArchiveParts) => void): Buffer {
  const reader = new Reader(archive);
  const start = reader.take(START_BYTES + TIME_NUMBERS * NUMBER_BYTES);
  if (start[6] !== 16) throw new Error('not an archive of version 1.16');
  const versions: ArchiveParts['versions'] = [reader.string(), reader.string(), reader.string()];
  const entries = Array.from({ length: reader.number() }, () => readEntry(reader));
  const parts: ArchiveParts = { versions, entries, data: archive.subarray(reader.at) };
  change(parts);
  return Buffer.concat([
    start,
    ...parts.versions.map(text),
    number(parts.claimed ?? parts.entries.length),
    ...parts.entries.map(writtenEntry),
    parts.data,
  ]);
}

function readEntry(reader: Reader): EntryParts {
  const [id, hasData] = [reader.number(), reader.number()];
  const [catalogOid, oid, tag, kind] = [reader.string(), reader.string(), reader.string(), reader.string()];
  const section = reader.number();
  const [definition, drop, copy] = [reader.string(), reader.string(), reader.string()];
  const schema = reader.text();
  const [tablespace, accessMethod] = [reader.text(), reader.text()];
  const relationKind = reader.number();
  const [owner, withOids] = [reader.string(), reader.string()];
  const dependencies: string[] = [];
  for (let found = reader.text(); found !== undefined; found = reader.text()) dependencies.push(found);
  const [whereabouts = 0] = reader.take(1 + OFFSET_BYTES);
  return {
    ...{ id, hasData, catalogOid, oid, tag, kind, section, definition, drop, copy, schema, tablespace },
    ...{ accessMethod, relationKind, owner, withOids, dependencies },
    whereabouts: whereabouts === POSITION_SET ? POSITION_NOT_SET : whereabouts,
  };
}

function writtenEntry(entry: EntryParts): Buffer {
  return Buffer.concat([
    ...[entry.id, entry.hasData].map(number),
    ...[entry.catalogOid, entry.oid, entry.tag, entry.kind].map(text),
    number(entry.section),
    ...[entry.definition, entry.drop, entry.copy, entry.schema, entry.tablespace, entry.accessMethod].map(
      text,
    ),
    number(entry.relationKind),
    ...[entry.owner, entry.withOids, ...entry.dependencies, undefined].map(text),
    Buffer.of(entry.whereabouts),
    Buffer.alloc(OFFSET_BYTES),
  ]);
}

class Reader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  number(): number {
    const bytes = this.take(NUMBER_BYTES);
    return bytes[0] === 0 ? bytes.readUInt32LE(1) : -bytes.readUInt32LE(1);
  }

  text(): string | undefined {
    const length = this.number();
    return length < 0 ? undefined : this.take(length).toString('latin1');
  }

  string(): string {
    return this.text() ?? '';
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}

function text(value: string | undefined): Buffer {
  if (value === undefined) return number(-1);
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([number(bytes.length), bytes]);
}
