// Windows is simulated: the download, the check of the archive and the tool cache are real; tar.exe and the programs
// in the archive are stand-ins, and the archive comes from the loopback instead of EDB.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClientTools } from '../../src/tools/client-tools.ts';
import { cachedTools } from '../../src/tools/tool-cache.ts';
import type { RunProgram } from '../../src/tools/system/package-manager.ts';
import { UnavailableError } from '../../src/tools/unavailable.ts';
import { installFromEdb } from '../../src/tools/windows/edb.ts';
import { EDB_BUILDS, type EdbBuild } from '../../src/tools/windows/edb-builds.ts';
import { CancelledError, UserError } from '../../src/errors.ts';
import { captureOutput } from '../support/captured-output.ts';
import { type InstallFolders, installFolders, requestFor } from '../support/client-install.ts';
import { writeFakeTools } from '../support/client-fakes.ts';
import { MACHINES } from '../support/client-machine.ts';

captureOutput();

const ARCHIVE = 'an archive';
const MACHINE = MACHINES.windows;

let folders: InstallFolders;
let server: Server;
let status: number;
let build: EdbBuild;
let commands: string[][];

beforeEach(async () => {
  folders = await installFolders();
  commands = [];
  status = 200;
  server = createServer((_, response) => response.writeHead(status).end(ARCHIVE)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('unreachable');
  build = {
    version: '17.11',
    url: `http://127.0.0.1:${address.port}/postgresql-17.11-1-windows-x64-binaries.zip`,
    sha256: createHash('sha256').update(ARCHIVE).digest('hex'),
  };
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await folders.remove();
});

/** Stands in for tar.exe: unpacks programs that answer as those of the archive would. */
const tar: RunProgram = async (file, args) => {
  commands.push([file, ...args]);
  await writeFakeTools(join(args[4] ?? '', 'pgsql', 'bin'), '17.11', '.exe');
  return { exitCode: 0, endedBy: null, stdout: '', stderr: '' };
};

function install(available?: ClientTools, execute = tar): Promise<ClientTools> {
  const request = requestFor({ url: '', signingKey: '' }, folders);
  return installFromEdb(request, MACHINE, available, execute, new Map([[17, build]]));
}

async function failure(work: Promise<unknown>): Promise<UserError> {
  const error: unknown = await work.then(
    () => new Error('it was installed'),
    (reason: unknown) => reason,
  );
  expect(await folders.files()).toEqual([]);
  if (error instanceof UserError) return error;
  throw error;
}

describe('the official archive for Windows', () => {
  it('becomes tools in the tool cache, and only the client programs are unpacked', async () => {
    const tools = await install();
    expect(tools).toMatchObject({ version: '17.11', origin: 'EDB binaries', lasting: true });
    expect(tools.directory).toBe(join(folders.toolCache, 'postgresql-client/17.11.0/x64-windows/pgsql/bin'));
    expect(tools.pgDump).toBe(join(tools.directory, 'pg_dump.exe'));
    expect(tools.pathDirectory).toBe(tools.directory);
    expect(await cachedTools(MACHINE, 17)).toEqual({ ...tools, origin: 'tool cache' });
    const [command = []] = commands;
    expect(command[0]).toBe('C:\\Windows\\System32\\tar.exe');
    expect(command.slice(1, 3)).toEqual(['-x', '-f']);
    expect(command.slice(6)).toEqual([
      'pgsql/bin/psql.exe',
      'pgsql/bin/pg_dump.exe',
      'pgsql/bin/pg_restore.exe',
      'pgsql/bin/*.dll',
    ]);
    expect((await folders.files()).filter((path) => path.startsWith(folders.work))).toEqual([]);
  });

  it('is used from the work folder if the tool cache cannot be written', async () => {
    await rm(folders.toolCache, { recursive: true });
    await writeFile(folders.toolCache, '');
    const tools = await install();
    expect(tools).toMatchObject({ version: '17.11', origin: 'EDB binaries', lasting: false });
    const [folder = ''] = await readdir(folders.work);
    expect(tools.directory).toBe(join(folders.work, folder, 'unpacked', 'pgsql', 'bin'));
    // The archive is no longer needed.
    expect(await readdir(join(folders.work, folder))).toEqual(['unpacked']);
  });

  it('is refused if its SHA-256 differs from the one in this action, and nothing is unpacked', async () => {
    build = { ...build, sha256: '0'.repeat(64) };
    const error = await failure(install());
    expect(error.message).toMatch(/the SHA-256 of the file is [0-9a-f]{64}, expected 0{64}\.$/);
    expect(error).not.toBeInstanceOf(UnavailableError);
    expect(commands).toEqual([]);
  });

  it('fails with an explanation if it does not exist', async () => {
    status = 404;
    const error = await failure(install());
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.message).toMatch(/the download failed \(Unexpected HTTP response: 404\)\.$/);
  });

  it('fails for an unsupported version, with a list of the supported ones', async () => {
    const request = requestFor({ url: '', signingKey: '' }, folders, { major: 99 });
    const error = await failure(installFromEdb(request, MACHINE));
    expect(error.message).toBe('This action cannot install PostgreSQL 99 client tools on Windows.');
    expect(error.hint).toContain('13, 14, 15, 16, 17, 18');
  });

  it('fails with an explanation if its programs do not work, and nothing of it is kept', async () => {
    const damaged: RunProgram = async (...args) => {
      const result = await tar(...args);
      await rm(join(args[1][4] ?? '', 'pgsql', 'bin', 'pg_dump.exe'));
      return result;
    };
    const error = await failure(install(undefined, damaged));
    expect(error.message).toContain(build.url);
  });

  it('is not waited for after the job was cancelled', async () => {
    server.removeAllListeners('request');
    const cancel = new AbortController();
    const request = requestFor({ url: '', signingKey: '' }, folders, { signal: cancel.signal });
    server.once('request', (_, response) => {
      cancel.abort(new CancelledError('SIGINT'));
      // After which the download is not tried again.
      response.writeHead(404).end();
    });
    const waiting = installFromEdb(request, MACHINE, undefined, tar, new Map([[17, build]]));
    await expect(waiting).rejects.toThrow(CancelledError);
    expect(commands).toEqual([]);
    expect(await folders.files()).toEqual([]);
  });

  it('fails with an explanation if it cannot be unpacked', async () => {
    const broken: RunProgram = () =>
      Promise.resolve({ exitCode: 1, endedBy: null, stdout: '', stderr: 'tar.exe: truncated' });
    const error = await failure(install(undefined, broken));
    expect(error.message).toBe('PostgreSQL 17 client tools could not be unpacked.');
  });

  it.each([
    ['17.11', 0],
    ['17.12', 0],
    ['17.9', 1],
  ])('is downloaded for check-latest only if it is newer than the available %s', async (version, times) => {
    await writeFakeTools(join(folders.base, 'bin'), version, '.exe');
    const available: ClientTools = {
      version,
      major: 17,
      directory: '',
      psql: '',
      pgDump: '',
      pgRestore: '',
      environment: {},
      pathDirectory: '',
      lasting: true,
      origin: 'installed',
    };
    await install(available);
    expect(commands).toHaveLength(times);
  });

  it('is listed for every supported version, with an https URL and a SHA-256', () => {
    expect([...EDB_BUILDS.keys()]).toEqual([13, 14, 15, 16, 17, 18]);
    for (const [major, { version, url, sha256 }] of EDB_BUILDS) {
      expect(version.startsWith(`${major}.`)).toBe(true);
      expect(url).toBe(
        `https://get.enterprisedb.com/postgresql/postgresql-${version}-1-windows-x64-binaries.zip`,
      );
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});
