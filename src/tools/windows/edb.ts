import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as toolCache from '@actions/tool-cache';
import { UserError, messageOf } from '../../errors.ts';
import { untilAborted } from '../../process/until-aborted.ts';
import { log } from '../../runner/log.ts';
import { run } from '../../process/run.ts';
import { type ClientRequest, type ClientTools, compareVersions } from '../client-tools.ts';
import type { Machine } from '../machine.ts';
import type { RunProgram } from '../system/package-manager.ts';
import { cacheTools } from '../tool-cache.ts';
import { probeTree } from '../tool-tree.ts';
import { UnavailableError } from '../unavailable.ts';
import { EDB_BUILDS, type EdbBuild } from './edb-builds.ts';

/** The client programs in the archive, as patterns of bsdtar; the server, documentation and pgAdmin are left out. */
const MEMBERS = ['psql.exe', 'pg_dump.exe', 'pg_restore.exe', '*.dll'].map((name) => `pgsql/bin/${name}`);

/**
 * Installs the official Windows programs into the tool cache.
 *
 * Verified by the SHA-256 of the archive, which is part of this action. A version without one
 * is not downloaded.
 *
 * @param available tools that exist already, used unless this action has a newer version.
 * @throws UserError when they cannot be installed; then nothing is left behind.
 */
export async function installFromEdb(
  request: ClientRequest,
  machine: Machine,
  available?: ClientTools,
  execute: RunProgram = run,
  builds: ReadonlyMap<number, EdbBuild> = EDB_BUILDS,
): Promise<ClientTools> {
  const wanted = `PostgreSQL ${request.major} client tools`;
  const build = builds.get(request.major);
  if (!build) {
    throw new UserError(
      'tools-unavailable',
      `This action cannot install ${wanted} on Windows.`,
      `Set postgres-version to one of ${[...builds.keys()].join(', ')}, or install them in a step before this one.`,
    );
  }
  if (available && compareVersions(available.version, build.version) >= 0) return available;
  await mkdir(request.workFolder, { recursive: true });
  const folder = await mkdtemp(join(request.workFolder, 'client-'));
  let keep = false;
  try {
    log.info(`Downloading ${wanted} ${build.version} from ${build.url}`);
    const archive = join(folder, 'postgresql.zip');
    await download(build, archive, wanted, request.signal);
    await checkHash(build, archive, wanted);
    const root = join(folder, 'unpacked');
    await unpack(archive, root, machine, request, execute);
    await rm(archive);
    const probe = await probeTree(root, machine, request.major, false);
    if (!probe.ok) throw unusable(wanted, build, probe.problem);
    const cached = await cacheTools(root, probe.tools.version, machine, request.major);
    request.signal.throwIfAborted();
    keep = cached === undefined;
    if (keep) log.info('The tool cache cannot be written: the tools are deleted after this step.');
    return { ...(cached ?? probe.tools), origin: 'EDB binaries' };
  } finally {
    if (!keep) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function download(build: EdbBuild, file: string, wanted: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await untilAborted(signal, toolCache.downloadTool(build.url, file));
  } catch (error) {
    signal.throwIfAborted();
    throw new UnavailableError(
      {
        wanted,
        place: build.url,
        reason: `the download failed (${messageOf(error)})`,
        hint: 'Check the network (proxy, firewall), or install PostgreSQL in a step before this one.',
      },
      { cause: error },
    );
  }
}

async function checkHash(build: EdbBuild, file: string, wanted: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found === build.sha256) return;
  throw new UserError(
    'tools-unavailable',
    `${wanted} could not be downloaded from ${build.url}: the SHA-256 of the file is ${found}, expected ${build.sha256}.`,
    'Run again; if the error persists, a proxy may modify files, or the file was replaced: install PostgreSQL in a step before this one.',
  );
}

/** Windows has bsdtar, which reads zip files (since Windows 10 1803). */
async function unpack(
  archive: string,
  root: string,
  machine: Machine,
  request: ClientRequest,
  execute: RunProgram,
): Promise<void> {
  await mkdir(root);
  const systemRoot = machine.systemRoot ?? 'C:\\Windows';
  const result = await execute(
    `${systemRoot}\\System32\\tar.exe`,
    ['-x', '-f', archive, '-C', root, ...MEMBERS],
    { env: { SystemRoot: systemRoot }, signal: request.signal },
  );
  if (result.exitCode === 0) return;
  throw new UserError(
    'tools-unavailable',
    `PostgreSQL ${request.major} client tools could not be unpacked.`,
    "Check that the runner's disk has 500 MB free; otherwise install PostgreSQL in a step before this one.",
    { cause: new Error(result.stderr.trim()) },
  );
}

function unusable(wanted: string, build: EdbBuild, problem: string): UserError {
  return new UserError(
    'tools-unavailable',
    `${wanted} from ${build.url} do not work on this machine: ${problem}`,
    'Install the Microsoft Visual C++ runtime, or PostgreSQL itself, in a step before this one.',
  );
}
