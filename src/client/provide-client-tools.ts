import { log } from '../log/log.ts';
import type { ClientRequest, ClientTools } from './client-tools.ts';
import { cachedTools } from './tool-cache.ts';
import { candidateDirectories, chooseWay } from './choice.ts';
import { installFromPgdg } from './debian/pgdg.ts';
import { type Machine, surveyMachine } from './machine.ts';
import { probeTools } from './probe.ts';

/**
 * Finds PostgreSQL's client tools, or brings them: from the tool cache, from an installation on the machine,
 * or (on Debian and Ubuntu) from PGDG's signed packages, which are unpacked into the tool cache.
 *
 * @param machine what is known of this machine; tests describe others.
 * @throws UserError when they cannot be had, with what to do; the signal's reason when cancelled.
 */
export async function provideClientTools(request: ClientRequest, machine?: Machine): Promise<ClientTools> {
  const here = machine ?? (await surveyMachine());
  const tools =
    (await cachedTools(here, request.major)) ??
    (await installedTools(here, request)) ??
    (await installTools(here, request));
  log.info(`PostgreSQL client ${tools.version} ${originText(tools)}`);
  return tools;
}

/** The first suitable installation on the machine. */
async function installedTools(machine: Machine, request: ClientRequest): Promise<ClientTools | undefined> {
  for (const directory of candidateDirectories(machine, request.major)) {
    request.signal.throwIfAborted();
    const probe = await probeTools(directory, request.major, machine.platform);
    if (probe.ok) return { ...probe.tools, origin: 'installed' };
    if (probe.problem !== 'absent') log.debug(`Passed over: ${probe.problem}`);
  }
  return undefined;
}

async function installTools(machine: Machine, request: ClientRequest): Promise<ClientTools> {
  const way = chooseWay(machine, request.major);
  switch (way.kind) {
    case 'PGDG':
      return installFromPgdg(way.release, request, machine);
    case 'none':
      throw way.error;
  }
}

function originText(tools: ClientTools): string {
  switch (tools.origin) {
    case 'tool cache':
      return 'from the tool cache';
    case 'installed':
      return `found in ${tools.directory}`;
    case 'PGDG':
      return "from PGDG's signed packages";
  }
}
