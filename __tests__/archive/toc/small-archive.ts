/** What of an entry a test may choose; the rest is as in a small database. */
export interface SmallEntry {
  readonly id: number;
  readonly oid?: number;
  readonly kind: string;
  readonly tag: string;
  readonly schema?: string | undefined;
  readonly owner?: string;
  readonly tablespace?: string;
  readonly accessMethod?: string;
  readonly definition?: string | Buffer;
  readonly drop?: string;
  readonly copy?: string;
  readonly section?: number;
  readonly dependencies?: readonly string[];
  readonly hasData?: boolean;
  /** In a directory, the file with its data. */
  readonly file?: string | undefined;
}

/** What of the header a test may choose. */
export interface SmallHeader {
  /** `custom` when absent. */
  readonly format?: 'custom' | 'directory';
  /** The algorithm, or before version 1.15 the level of gzip; none when absent. */
  readonly compression?: number;
}

const ENTRIES: readonly SmallEntry[] = [
  {
    id: 1,
    kind: 'ENCODING',
    tag: 'ENCODING',
    schema: undefined,
    definition: "SET client_encoding = 'UTF8';\n",
  },
  { id: 2, kind: 'TABLE', tag: 'a b', definition: 'CREATE TABLE public."a b" (x int);\n' },
  {
    id: 3,
    kind: 'INDEX',
    tag: 'i',
    definition: 'CREATE INDEX i ON public."a b" (x);\n',
    dependencies: ['2'],
  },
];

/** A small archive, also in older formats, which no available pg_dump writes, as WriteHead and WriteToc wrote it. */
export function smallArchive(
  minor: number,
  entries: readonly SmallEntry[] = ENTRIES,
  { format = 'custom', compression = minor >= 15 ? 0 : -1 }: SmallHeader = {},
): Buffer {
  return Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.of(1, minor, 0, 4, 8, format === 'custom' ? 1 : 3),
    minor >= 15 ? Buffer.of(compression) : integer(compression),
    ...[0, 0, 12, 21, 10, 126, 0].map(integer),
    text('small'),
    text('9.6'),
    text('9.6.24'),
    integer(entries.length),
    ...entries.flatMap((entry) => [
      entryBytes(minor, entry),
      format === 'custom'
        ? Buffer.concat([Buffer.of(3), Buffer.alloc(8)])
        : text('file' in entry ? entry.file : ''),
    ]),
  ]);
}

function entryBytes(minor: number, entry: SmallEntry): Buffer {
  const { id, kind, tag, section = kind === 'INDEX' ? 4 : 2 } = entry;
  return Buffer.concat([
    integer(id),
    integer(entry.hasData === true ? 1 : 0),
    text('1259'),
    text(String(entry.oid ?? 16_000 + id)),
    text(tag),
    text(kind),
    integer(section),
    text(entry.definition ?? ''),
    text(entry.drop ?? `DROP ${kind} ${tag};\n`),
    text(entry.copy ?? ''),
    text('schema' in entry ? entry.schema : 'public'),
    text(entry.tablespace ?? ''),
    ...(minor >= 14 ? [text(entry.accessMethod ?? 'heap')] : []),
    ...(minor >= 16 ? [integer('r'.charCodeAt(0))] : []),
    text(entry.owner ?? 'postgres'),
    text('false'),
    ...(entry.dependencies ?? []).map(text),
    text(undefined),
  ]);
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}

function text(value: string | Buffer | undefined): Buffer {
  return value === undefined
    ? integer(-1)
    : Buffer.concat([integer(Buffer.byteLength(value)), Buffer.from(value)]);
}
