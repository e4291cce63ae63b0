import { log } from '../runner/log.ts';
import { preferredMajors } from './automatic-version.ts';
import { planFor } from './choice.ts';
import type { ClientRequest, ClientTools, VersionRequest, InstallMethod } from './client-tools.ts';
import { installFromOwnSources } from './debian/own-sources.ts';
import { installFromPgdg } from './debian/pgdg.ts';
import { installedTools } from './installed.ts';
import { type Machine, surveyMachine } from './machine.ts';
import { installWithApk } from './system/apk.ts';
import { installPgdgRpms, installWithDnf } from './system/dnf.ts';
import { installWithHomebrew } from './system/homebrew.ts';
import { cachedTools } from './tool-cache.ts';
import { UnavailableError, noneAvailable } from './unavailable.ts';
import { installFromEdb } from './windows/edb.ts';

/**
 * Installs the tools of one version by one method.
 *
 * @param available tools that exist already: returned when the method offers none that are newer.
 * @throws UnavailableError when another method may work; UserError when no other may be tried.
 */
type Installer = (request: ClientRequest, machine: Machine, available?: ClientTools) => Promise<ClientTools>;

const INSTALLERS: Readonly<Record<InstallMethod, Installer>> = {
  PGDG: installFromPgdg,
  'apt sources': installFromOwnSources,
  apk: installWithApk,
  'PGDG RPMs': installPgdgRpms,
  'dnf repositories': installWithDnf,
  Homebrew: installWithHomebrew,
  'EDB binaries': installFromEdb,
};

/**
 * Finds PostgreSQL's client tools in the tool cache or among the installed programs, or else installs them by a method
 * of the platform.
 *
 * For `auto`, the tools that are returned can ask the server for its version; {@link toolsForServer} then returns those
 * that can dump it.
 *
 * @param machine facts about this machine; tests describe others.
 * @throws UserError when they cannot be installed, with what to do; the signal's reason when cancelled.
 */
export async function provideTools(request: VersionRequest, machine?: Machine): Promise<ClientTools> {
  const here = machine ?? (await surveyMachine());
  return provide(request, preferredMajors(request.version), here);
}

/**
 * The tools with which to dump a server, or to read an archive, once its version is known: the given ones, or for
 * `auto` newer ones if it is newer.
 *
 * @param tools what {@link provideTools} returned.
 * @throws UserError as {@link provideTools}. Whether a fixed version is too old is not checked here.
 */
export async function toolsForServer(
  request: VersionRequest,
  tools: ClientTools,
  major: number,
  machine?: Machine,
): Promise<ClientTools> {
  if (request.version.kind === 'major' || tools.major >= major) return tools;
  const preferred = preferredMajors(request.version, major);
  log.info(`PostgreSQL ${major} needs newer client tools than ${tools.major}`);
  return provide(request, preferred, machine ?? (await surveyMachine()));
}

async function provide(
  request: VersionRequest,
  preferred: readonly number[],
  machine: Machine,
): Promise<ClientTools> {
  const tools = await findOrInstall(request, preferred, machine);
  log.info(`PostgreSQL client ${tools.version} ${originText(tools)}`);
  return tools;
}

async function findOrInstall(
  request: VersionRequest,
  preferred: readonly number[],
  machine: Machine,
): Promise<ClientTools> {
  const available = await firstAvailable(request, preferred, machine);
  const plan = planFor(machine, preferred, available ? [available.major] : []);
  switch (plan.kind) {
    case 'use':
      if (!available) throw new Error('The plan uses tools that are not available.');
      return request.checkLatest ? newest(request, available, machine) : available;
    case 'install':
      return install({ ...request, major: plan.major }, plan.methods, machine);
    case 'none':
      throw plan.error;
  }
}

/** The first of the preferred versions that is in the tool cache or installed. */
async function firstAvailable(
  { signal }: VersionRequest,
  preferred: readonly number[],
  machine: Machine,
): Promise<ClientTools | undefined> {
  for (const major of preferred) {
    const tools = (await cachedTools(machine, major)) ?? (await installedTools(machine, major, signal));
    if (tools) return tools;
  }
  return undefined;
}

/** The newest minor version; the available tools if they are the newest, or if no source can be reached. */
async function newest(
  request: VersionRequest,
  available: ClientTools,
  machine: Machine,
): Promise<ClientTools> {
  const plan = planFor(machine, [available.major], []);
  if (plan.kind !== 'install') {
    log.warning(
      `check-latest: this runner has no package source to search for newer client tools; ${available.version} is used.`,
    );
    return available;
  }
  try {
    return await install({ ...request, major: available.major }, plan.methods, machine, available);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    log.warning(`check-latest: the available tools (${available.version}) are used. ${error.message}`);
    return available;
  }
}

/** Tries the methods in turn. */
async function install(
  request: ClientRequest,
  methods: readonly InstallMethod[],
  machine: Machine,
  available?: ClientTools,
): Promise<ClientTools> {
  const failures: UnavailableError[] = [];
  for (const method of methods) {
    try {
      return await INSTALLERS[method](request, machine, available);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      failures.push(error);
      log.info(error.message);
    }
  }
  throw noneAvailable(failures);
}

/** Where the tools are from, for the log. */
const ORIGIN_TEXT: Readonly<Record<Exclude<ClientTools['origin'], 'installed'>, string>> = {
  'tool cache': 'from the tool cache',
  PGDG: "from PGDG's signed packages",
  'apt sources': "from the machine's own apt sources",
  apk: "from Alpine's packages",
  'PGDG RPMs': "from PGDG's signed RPMs",
  'dnf repositories': "from the machine's own dnf repositories",
  Homebrew: 'from Homebrew',
  'EDB binaries': 'from the official archive for Windows',
};

function originText({ origin, directory }: ClientTools): string {
  return origin === 'installed' ? `found in ${directory}` : ORIGIN_TEXT[origin];
}
