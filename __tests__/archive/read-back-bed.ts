import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Manifest } from '../../src/archive/content/manifest.ts';
import { stitchArchive } from '../../src/archive/stitching/stitched-archive.ts';
import { type ReadBack, type ReadBackRequest, readBack } from '../../src/archive/read-back.ts';
import { type TestClientTools, testClientTools } from '../support/client-tools.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { ODD_DATABASE } from './content/odd-database.ts';

const execute = promisify(execFile);

/** A server with the database `odd`, and what dumps and reads it. */
export class ReadBackBed {
  readonly tools: TestClientTools;
  readonly database: Database;
  readonly folder: string;
  #dumps = 0;

  private constructor(tools: TestClientTools, database: Database, folder: string) {
    this.tools = tools;
    this.database = database;
    this.folder = folder;
  }

  static async start(): Promise<ReadBackBed> {
    const folder = await mkdtemp(join(tmpdir(), 'read-back-test-'));
    const [tools, database] = await Promise.all([testClientTools(), startDatabase()]);
    await database.createDatabase('odd');
    await database.sql(ODD_DATABASE, 'odd');
    await database.createRole('somebody');
    return new ReadBackBed(tools, database, folder);
  }

  async stop(): Promise<void> {
    await this.database.stop();
    await rm(this.folder, { recursive: true });
  }

  async dumped(name: string, ...args: readonly string[]): Promise<string> {
    const file = join(this.folder, `${String((this.#dumps += 1))}.bak`);
    const { host, port, user, password } = this.database;
    const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: name };
    await execute(this.tools.pgDump, ['--format=custom', `--file=${file}`, ...args], { env });
    return file;
  }

  /** The same of a parallel dump. */
  async stitched(name: string, ...args: readonly string[]): Promise<string> {
    const directory = await this.dumped(name, '--format=directory', '--jobs=3', ...args);
    const { read } = await stitchArchive(directory);
    const file = `${directory}.stitched`;
    await writeFile(file, read(new AbortController().signal));
    return file;
  }

  read(archive: string, more: Partial<ReadBackRequest> = {}): Promise<ReadBack> {
    return readBack({
      archive,
      pgRestore: this.tools.pgRestore,
      environment: {},
      workFolder: this.folder,
      signal: new AbortController().signal,
      ...more,
    });
  }

  async manifestOf(file: string): Promise<Manifest> {
    return (await this.read(file)).manifest;
  }
}
