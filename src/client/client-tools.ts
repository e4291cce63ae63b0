import { log } from '../report/log.ts';
import type { Environment } from '../process/run.ts';
import { cachedTools } from './tool-cache.ts';
import { candidateDirectories, chooseWay } from './choice.ts';
import { installFromPgdg } from './debian/pgdg.ts';
import { type Machine, surveyMachine } from './machine.ts';
import { probeTools } from './probe.ts';

/** PostgreSQL's client tools of one version, proven to start, each by its absolute path. */
export interface ClientTools {
  /** As `pg_dump --version` says, for example `17.11`. */
  readonly version: string;
  readonly major: number;
  /** The folder the three programs are in. */
  readonly directory: string;
  readonly psql: string;
  readonly pgDump: string;
  readonly pgRestore: string;
  /** What the tools need beyond the connection: `LD_LIBRARY_PATH` for unpacked libraries, else nothing. */
  readonly environment: Environment;
  readonly origin: 'tool cache' | 'installed' | 'PGDG';
}

/** What is asked for, and where the work may be done. */
export interface ClientRequest {
  /** PostgreSQL's major version, for example 17. */
  readonly major: number;
  /** The `apt-mirror` input: the base URL (http, https or file) that replaces PGDG's. */
  readonly aptMirror?: string | undefined;
  /** The `apt-signing-key` input: an ASCII-armoured public key, or the path of a file that holds one. */
  readonly aptSigningKey?: string | undefined;
  /** A private folder; what is made in it is removed again, unless the tool cache cannot be written. */
  readonly workFolder: string;
  readonly signal: AbortSignal;
}

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
