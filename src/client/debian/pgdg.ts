import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { log } from '../../log/log.ts';
import type { ClientRequest, ClientTools } from '../client-tools.ts';
import type { Machine } from '../machine.ts';
import type { Probe } from '../probe.ts';
import { cacheTools, cachedTools, probeUnpacked } from '../tool-cache.ts';
import { aptGet, unpackPackage } from './apt.ts';
import { type AptTask, explainAptFailure } from './apt-failure.ts';
import { type AptSettings, type AptState, createAptState, readAptSettings } from './apt-state.ts';
import { unpackDependencies } from './dependencies.ts';
import { type Mirror, parseMirror, pgdgMirror } from './mirror-url.ts';
import type { DebianRelease } from './os-release.ts';
import { type SigningKey, pgdgKey, readSigningKey } from './signing-key.ts';

/** One installation: what is fetched, from where, and the folders it is done in. */
interface Installation {
  readonly request: ClientRequest;
  readonly machine: Machine;
  readonly mirror: Mirror;
  readonly key: SigningKey;
  readonly task: AptTask;
  readonly settings: AptSettings;
  readonly folder: string;
  /** Where the packages are unpacked to. */
  readonly root: string;
}

/**
 * Brings the client tools from PGDG's packages, or from a mirror of them, without root and without touching
 * the system: apt works in a private state, the verified packages are unpacked into the tool cache.
 *
 * What vouches for the bytes: the key signs the index, the index holds the SHA-256 of each package.
 *
 * @throws UserError when they cannot be had; then nothing is left behind.
 */
export async function installFromPgdg(
  release: DebianRelease,
  request: ClientRequest,
  machine: Machine,
): Promise<ClientTools> {
  const mirror =
    request.aptMirror === undefined ? pgdgMirror(machine.hasCertificates) : parseMirror(request.aptMirror);
  const key = request.aptSigningKey === undefined ? pgdgKey() : await readSigningKey(request.aptSigningKey);
  const settings = await readAptSettings(request.signal);
  await mkdir(request.workFolder, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(request.workFolder, 'client-'));
  const root = join(folder, 'unpacked');
  const task = taskOf(request.major, release, mirror, key);
  let keep = false;
  try {
    log.info(`Fetching ${task.wanted} for ${release.name} from ${mirror.label}`);
    const tools = await unpackTools({ request, machine, mirror, key, task, settings, folder, root });
    // Another job on this machine may have been faster: its tools may be in use, so they stay.
    const cached =
      (await cachedTools(machine, request.major)) ??
      (await cacheTools(root, tools.version, machine, request.major));
    request.signal.throwIfAborted();
    keep = cached === undefined;
    if (keep) log.info('The tool cache cannot be written; the tools serve this job only.');
    return { ...(cached ?? tools), origin: 'PGDG' };
  } finally {
    const kept = keep ? ['unpacked'] : [];
    await removeAllBut(folder, kept);
  }
}

function taskOf(major: number, release: DebianRelease, mirror: Mirror, key: SigningKey): AptTask {
  return {
    wanted: `PostgreSQL ${major} client tools`,
    mirror,
    suite: `${release.codename}-pgdg`,
    packages: [`postgresql-client-${major}`, 'libpq5'],
    fingerprint: key.fingerprint,
  };
}

/** Fetches, verifies and unpacks the packages, and the libraries they lack, until the tools start. */
async function unpackTools(installation: Installation): Promise<Omit<ClientTools, 'origin'>> {
  const { request, machine, task, root, folder } = installation;
  const state = await stateFor(installation);
  const packages = await download(state, installation);
  await mkdir(root, { mode: 0o755 });
  for (const file of packages) {
    const unpacked = await unpackPackage(state, file, root, request.signal);
    if (!unpacked.ok) throw explainAptFailure(unpacked.said, task);
  }
  let probe = await probeUnpacked(root, machine, request.major);
  if (!probe.ok && probe.missingLibraries.length > 0) {
    const missing = probe.missingLibraries;
    log.info(`Fetching libraries that this machine lacks (${missing.join(', ')} and what else is needed)`);
    const { settings } = installation;
    const { dpkgStatus } = machine;
    await unpackDependencies(
      { packages, missing, dpkgStatus, settings, folder: join(folder, 'libraries'), target: root },
      request.signal,
    );
    probe = await probeUnpacked(root, machine, request.major);
  }
  if (!probe.ok) throw unusable(task, probe);
  return probe.tools;
}

/** A private apt state that knows one source and trusts one key. */
async function stateFor({ mirror, key, task, settings, folder }: Installation): Promise<AptState> {
  return createAptState(join(folder, 'apt'), settings.network, {
    settings: ['APT::Update::Error-Mode "any";', 'Acquire::Check-Valid-Until "true";'],
    dpkgStatus: '',
    files: {
      'sources.list.d/pgdg.sources': sourceList(mirror, task.suite, settings.architecture),
      // The only key in this state, so it is what Signed-By would name; that cannot hold a path with spaces.
      'trusted.gpg.d/pgdg.asc': key.armour,
    },
  });
}

/** The source, as apt reads it (sources.list(5), deb822). */
export function sourceList(mirror: Mirror, suite: string, architecture: string | undefined): string {
  const lines = ['Types: deb', `URIs: ${mirror.url}`, `Suites: ${suite}`, 'Components: main'];
  // Without it, apt would ask for the foreign architectures of the machine as well.
  if (architecture !== undefined) lines.push(`Architectures: ${architecture}`);
  return `${lines.join('\n')}\n`;
}

/** Downloads the packages; apt has then checked them against the signed index. */
async function download(state: AptState, { request, task, folder }: Installation): Promise<string[]> {
  const update = await aptGet(state, ['update'], request.signal);
  log.debug(update.said);
  if (!update.ok) throw explainAptFailure(update.said, task);
  const packages = join(folder, 'packages');
  await mkdir(packages, { mode: 0o700 });
  const fetched = await aptGet(state, ['download', ...task.packages], request.signal, packages);
  log.debug(fetched.said);
  if (!fetched.ok) throw explainAptFailure(fetched.said, task);
  return (await readdir(packages))
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(packages, name));
}

function unusable(task: AptTask, probe: Extract<Probe, { ok: false }>): UserError {
  return new UserError(
    `${task.packages.join(' and ')} from ${task.mirror.label} do not work on this machine: ${probe.problem}`,
    'Check that the mirror serves the packages of this release and processor, and that the work folder may hold programs (no noexec mount).',
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
