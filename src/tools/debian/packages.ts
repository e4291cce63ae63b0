import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import {
  type ClientRequest,
  type ClientTools,
  type FoundTools,
  type InstallMethod,
  compareVersions,
} from '../client-tools.ts';
import type { Machine } from '../machine.ts';
import type { Probe } from '../probe.ts';
import { cacheTools, cachedTools } from '../tool-cache.ts';
import { probeTree, writeLaunchers } from '../tool-tree.ts';
import { aptGet, unpackPackage } from './apt.ts';
import {
  type AptSettings,
  type AptState,
  type AptStateOptions,
  createAptState,
  readAptSettings,
} from './apt-state.ts';
import { unpackDependencies } from './dependencies.ts';
import { indexDate, oldIndexText } from './index-age.ts';

/** Where Debian packages come from. */
export interface PackageSource {
  readonly method: InstallMethod;
  /** For messages: `https://apt.postgresql.org/pub/repos/apt`. */
  readonly place: string;
  /** For messages: `PostgreSQL 17 client tools`. */
  readonly wanted: string;
  readonly packages: readonly [client: string, ...others: string[]];
  /** The sources, keys and settings of the private apt state. */
  readonly state: (settings: AptSettings) => AptStateOptions;
  /** Whether every index must be downloaded; otherwise some of them may be enough. */
  readonly needsEveryIndex: boolean;
  /** How it is told that an index is old; not at all where it may be. */
  readonly oldIndex?: 'info' | 'warning';
  /** Explains a failure of apt from its output. */
  readonly explain: (output: string) => UserError;
}

/** One installation: what is downloaded, and the folders that it uses. */
interface Installation {
  readonly source: PackageSource;
  readonly request: ClientRequest;
  readonly machine: Machine;
  readonly settings: AptSettings;
  readonly folder: string;
  /** Where the packages are unpacked to. */
  readonly root: string;
}

/**
 * Installs the client tools from Debian packages, without root and without changing the system: apt works in a
 * private state and verifies them, then they are unpacked into the tool cache.
 *
 * @param available tools that exist already, used when the source has none that are newer.
 * @throws UserError when they cannot be installed; then nothing is left behind.
 */
export async function installPackages(
  source: PackageSource,
  request: ClientRequest,
  machine: Machine,
  available?: ClientTools,
): Promise<ClientTools> {
  const settings = await readAptSettings(request.signal);
  await mkdir(request.workFolder, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(request.workFolder, 'client-'));
  const root = join(folder, 'unpacked');
  let keep = false;
  try {
    const installation = { source, request, machine, settings, folder, root };
    const state = await updatedState(installation);
    if (available && (await isNewest(available, state, installation))) return available;
    const tools = await unpackTools(state, installation);
    const cached =
      (await otherJobsTools(installation, tools.version)) ??
      (await cacheTools(root, tools.version, machine, request.major));
    request.signal.throwIfAborted();
    keep = cached === undefined;
    if (keep) log.info('The tool cache cannot be written: the tools are deleted after this step.');
    return { ...(cached ?? tools), origin: source.method };
  } finally {
    await removeAllBut(folder, keep ? ['unpacked'] : []);
  }
}

/** A private apt state with the source's package index. */
async function updatedState({ source, settings, folder, request }: Installation): Promise<AptState> {
  log.info(`Downloading ${source.wanted} from ${source.place}`);
  const state = await createAptState(join(folder, 'apt'), settings.network, source.state(settings));
  const update = await aptGet(state, ['update'], request.signal);
  log.debug(update.output);
  if (!update.ok && source.needsEveryIndex) throw source.explain(update.output);
  const date = source.oldIndex && (await indexDate(join(state.folder, 'lists')));
  const text = date && oldIndexText(source.place, date, new Date());
  if (source.oldIndex && text !== undefined) log[source.oldIndex](text);
  return state;
}

/** Whether the source has no newer version than the available one. */
async function isNewest(
  available: ClientTools,
  state: AptState,
  { source, request }: Installation,
): Promise<boolean> {
  const [client] = source.packages;
  const asked = await aptGet(state, ['download', '--print-uris', client], request.signal);
  if (!asked.ok) throw source.explain(asked.output);
  // 'URL' postgresql-client-17_17.11-1.pgdg12+1_amd64.deb SIZE HASH
  const version = new RegExp(`'\\S+' ${client}_(?:\\d+(?:%3a|:))?([\\d.]+)`).exec(asked.output)?.[1];
  if (version === undefined || compareVersions(version, available.version) > 0) return false;
  log.info(`${available.version} is the newest version in ${source.place}`);
  return true;
}

/** The tools of another job on this machine that was faster; they may be in use, so they are not replaced. */
async function otherJobsTools(
  { machine, request }: Installation,
  version: string,
): Promise<FoundTools | undefined> {
  const cached = await cachedTools(machine, request.major);
  return cached && compareVersions(cached.version, version) >= 0 ? cached : undefined;
}

/** Downloads, verifies and unpacks the packages, and the libraries that are missing, until the tools start. */
async function unpackTools(state: AptState, installation: Installation): Promise<FoundTools> {
  const { source, request, machine, settings, root, folder } = installation;
  const { major, signal } = request;
  const packages = await download(state, installation);
  await mkdir(root, { mode: 0o755 });
  for (const file of packages) {
    const unpacked = await unpackPackage(state, file, root, signal);
    if (!unpacked.ok) throw source.explain(`E: ${basename(file)}: ${unpacked.output}`);
  }
  let probe = await probeTree(root, machine, major, false);
  if (!probe.ok && probe.missingLibraries.length > 0) {
    const missing = probe.missingLibraries;
    log.info(`Downloading libraries that this machine lacks (${missing.join(', ')} and their dependencies)`);
    const { dpkgStatus } = machine;
    await unpackDependencies(
      { packages, missing, dpkgStatus, settings, folder: join(folder, 'libraries'), target: root },
      signal,
    );
    probe = await probeTree(root, machine, major, false);
  }
  if (!probe.ok) throw unusable(source, probe);
  await writeLaunchers(root, machine.platform, major);
  return probe.tools;
}

/** Downloads the packages; apt verifies them against the signed index. */
async function download(state: AptState, { source, request, folder }: Installation): Promise<string[]> {
  const packages = join(folder, 'packages');
  await mkdir(packages, { mode: 0o700 });
  const fetched = await aptGet(state, ['download', ...source.packages], request.signal, packages);
  log.debug(fetched.output);
  if (!fetched.ok) throw source.explain(fetched.output);
  return (await readdir(packages))
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(packages, name));
}

function unusable({ packages, place }: PackageSource, probe: Extract<Probe, { ok: false }>): UserError {
  return new UserError(
    'tools-unavailable',
    `${packages.join(' and ')} from ${place} do not work on this machine: ${probe.problem}`,
    'Check that the mirror has the packages of this release and processor, and that programs can be run from the work folder (no noexec mount).',
  );
}

async function removeAllBut(folder: string, kept: readonly string[]): Promise<void> {
  if (kept.length === 0) {
    await rm(folder, { recursive: true, force: true });
    return;
  }
  const others = (await readdir(folder)).filter((name) => !kept.includes(name));
  await Promise.all(others.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
