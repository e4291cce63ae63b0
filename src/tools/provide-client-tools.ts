import { log } from '../runner/log.ts';
import { preferredMajors } from './automatic-version.ts';
import { planFor } from './choice.ts';
import type { ClientRequest, ClientTools, VersionRequest, WayName } from './client-tools.ts';
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
 * Brings the tools of one version in one way.
 *
 * @param atHand tools that are there already: returned when the way leads to none that are newer.
 * @throws UnavailableError when another way may lead to them; UserError when the search must end.
 */
type Install = (request: ClientRequest, machine: Machine, atHand?: ClientTools) => Promise<ClientTools>;

const INSTALL: Readonly<Record<WayName, Install>> = {
  PGDG: installFromPgdg,
  'apt sources': installFromOwnSources,
  apk: installWithApk,
  'PGDG RPMs': installPgdgRpms,
  'dnf repositories': installWithDnf,
  Homebrew: installWithHomebrew,
  'EDB binaries': installFromEdb,
};

/**
 * Finds PostgreSQL's client tools, or brings them: from the tool cache, from an installation on the machine, or
 * in the way of the platform.
 *
 * For `auto`, the version that is returned can ask the server what it is; {@link toolsForServer} then tells
 * whether it can also dump it.
 *
 * @param machine what is known of this machine; tests describe others.
 * @throws UserError when they cannot be had, with what to do; the signal's reason when cancelled.
 */
export async function provideTools(request: VersionRequest, machine?: Machine): Promise<ClientTools> {
  const here = machine ?? (await surveyMachine());
  return provide(request, preferredMajors(request.version), here);
}

/**
 * The tools with which to dump a server, or to read an archive, once it has said its version: those in hand, or for
 * `auto` newer ones when it is newer.
 *
 * @param tools what {@link provideTools} returned.
 * @throws UserError as {@link provideTools}. That a fixed version is too old is not checked here.
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
  const tools = await findOrBring(request, preferred, machine);
  log.info(`PostgreSQL client ${tools.version} ${originText(tools)}`);
  return tools;
}

async function findOrBring(
  request: VersionRequest,
  preferred: readonly number[],
  machine: Machine,
): Promise<ClientTools> {
  const atHand = await firstAtHand(request, preferred, machine);
  const plan = planFor(machine, preferred, atHand ? [atHand.major] : []);
  switch (plan.kind) {
    case 'use':
      if (!atHand) throw new Error('The plan names tools that are not at hand.');
      return request.checkLatest ? newest(request, atHand, machine) : atHand;
    case 'bring':
      return bring({ ...request, major: plan.major }, plan.ways, machine);
    case 'none':
      throw plan.error;
  }
}

/** The first of the preferred versions that is in the tool cache or installed. */
async function firstAtHand(
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

/** The newest minor version; the tools at hand when they are that, or when nobody can be asked. */
async function newest(request: VersionRequest, atHand: ClientTools, machine: Machine): Promise<ClientTools> {
  const plan = planFor(machine, [atHand.major], []);
  if (plan.kind !== 'bring') {
    log.warning(
      `check-latest: there is no way here to ask for newer client tools; ${atHand.version} is used.`,
    );
    return atHand;
  }
  try {
    return await bring({ ...request, major: atHand.major }, plan.ways, machine, atHand);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    log.warning(`check-latest: the tools at hand (${atHand.version}) are used. ${error.message}`);
    return atHand;
  }
}

/** Goes the ways in turn, until one leads to the tools. */
async function bring(
  request: ClientRequest,
  ways: readonly WayName[],
  machine: Machine,
  atHand?: ClientTools,
): Promise<ClientTools> {
  const failures: UnavailableError[] = [];
  for (const way of ways) {
    try {
      return await INSTALL[way](request, machine, atHand);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      failures.push(error);
      log.info(error.message);
    }
  }
  throw noneAvailable(failures);
}

/** Where tools are from, for the log. */
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
