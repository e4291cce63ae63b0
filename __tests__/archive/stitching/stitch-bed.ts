import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { stitchArchive } from '../../../src/archive/stitching/stitched-archive.ts';
import { type TestClientTools, type ToolsMajor, testClientTools } from '../../support/client-tools.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import type { ServerVersion } from '../../support/database-programs.ts';
import { fillDifficult } from '../../support/difficult-schema.ts';
import { VERSIONED } from '../../restore/verify/versioned-objects.ts';

const execute = promisify(execFile);
const OUTPUT_BYTES = 256 * 1024 * 1024;
const FIRST_WITH_METHODS = 16;

/** An archive of one pg_dump, and one that was stitched of a parallel dump of the same. */
export interface Twins {
  readonly custom: string;
  readonly stitched: string;
  /** The table of contents that the latter was made of. */
  readonly toc: string;
}

/** What is difficult about the data, for servers too old for the difficult schema: several chunks, no rows, many large objects. */
const DATA = `
CREATE TABLE large (id int PRIMARY KEY, content text, bytes bytea); ALTER TABLE large ALTER COLUMN bytes SET STORAGE EXTERNAL;
INSERT INTO large SELECT i, md5(i::text), (SELECT string_agg(decode(md5((i * j)::text), 'hex'), '') FROM generate_series(1, 1000) j) FROM generate_series(1, 200) i;
CREATE TABLE nothing (id int); INSERT INTO parted SELECT i, i FROM generate_series(1, 5000) i;
SELECT lo_from_bytea(10000 + i, convert_to(repeat(i::text, i), 'UTF8')) FROM generate_series(0, 20) i;
SELECT lo_from_bytea(4294967295, string_agg(bytes, '')) FROM large;
`;

/** A server with a database of many kinds of things, its client tools, and archives of it. */
export class StitchBed {
  readonly database: Database;
  readonly folder: string;
  readonly #tools: TestClientTools;
  readonly #major: ToolsMajor;
  #made = 0;

  private constructor(database: Database, folder: string, major: ToolsMajor, tools: TestClientTools) {
    this.database = database;
    this.folder = folder;
    this.#major = major;
    this.#tools = tools;
  }

  static async start(major: ToolsMajor, version: ServerVersion): Promise<StitchBed> {
    const [tools, database] = await Promise.all([testClientTools(major), startDatabase({ version })]);
    const folder = await mkdtemp(join(tmpdir(), 'stitch-bed-'));
    await database.createDatabase('source');
    if (version === '13') await database.sql(VERSIONED + DATA, 'source');
    else await fillDifficult(database, { database: 'source', privileged: false, newest: true });
    return new StitchBed(database, folder, major, tools);
  }

  async stop(): Promise<void> {
    await this.database.stop();
    await rm(this.folder, { recursive: true });
  }

  get pgRestore(): string {
    return this.#tools.pgRestore;
  }

  /** What an own program prints. */
  async printed(program: string, args: readonly string[]): Promise<string> {
    const { stdout } = await execute(program, args, {
      env: this.#environment('source'),
      maxBuffer: OUTPUT_BYTES,
    });
    return stdout;
  }

  /** What it prints of a file on its standard input, in which it cannot seek. */
  async printedFromPipe(program: string, args: readonly string[], file: string): Promise<string> {
    const script = 'file=$1; shift; cat "$file" | "$@"';
    const { stdout } = await execute('/bin/sh', ['-c', script, 'sh', file, program, ...args], {
      maxBuffer: OUTPUT_BYTES,
    });
    return stdout;
  }

  /** Dumps a database both ways; nobody writes meanwhile. */
  async dumped(compression: string, database = 'source'): Promise<Twins> {
    const base = join(this.folder, `${(this.#made += 1)}-`);
    const [custom, directory, stitched, toc] = ['c.bak', 'directory', 's.bak', 'toc'].map(
      (name) => base + name,
    );
    if (!custom || !directory || !stitched || !toc) throw new Error('unreachable');
    const compress = `--compress=${this.#compressionOf(compression)}`;
    const env = this.#environment(database);
    const dump = this.#tools.pgDump;
    await execute(dump, ['--format=custom', `--file=${custom}`, compress], { env });
    await execute(dump, ['--format=directory', '--jobs=3', `--file=${directory}`, compress], { env });
    await copyFile(join(directory, 'toc.dat'), toc);
    const { read } = await stitchArchive(directory);
    await pipeline(read(new AbortController().signal), createWriteStream(stitched));
    return { custom, stitched, toc };
  }

  /**
   * Restores into a new database, its data with several jobs. Sessions that make indexes and constraints of partitions at once may end in
   * a deadlock, whatever the archive.
   *
   * @returns its name.
   */
  async restored(archive: string, jobs: number): Promise<string> {
    const name = `target_${(this.#made += 1)}`;
    await this.database.createDatabase(name);
    for (const args of [['pre-data'], ['data', `--jobs=${jobs}`], ['post-data']]) {
      const [section = '', ...more] = args;
      await execute(
        this.pgRestore,
        [`--dbname=${name}`, '--exit-on-error', `--section=${section}`, ...more, archive],
        { env: this.#environment(name), maxBuffer: OUTPUT_BYTES },
      );
    }
    return name;
  }

  /** Before 16, pg_dump takes a level of gzip. */
  #compressionOf(name: string): string {
    if (this.#major >= FIRST_WITH_METHODS) return name;
    return name === 'none' ? '0' : '6';
  }

  #environment(database: string): Record<string, string> {
    const { host, port, user, password } = this.database;
    return { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
  }
}
