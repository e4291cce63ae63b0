import { log } from '../runner/log.ts';
import type { ClientTools } from './client-tools.ts';
import { candidateDirectories } from './choice.ts';
import type { Machine } from './machine.ts';
import { probeTools } from './probe.ts';

/** The first suitable installation on the machine. */
export async function installedTools(
  machine: Machine,
  major: number,
  signal: AbortSignal,
): Promise<ClientTools | undefined> {
  for (const directory of candidateDirectories(machine, major)) {
    signal.throwIfAborted();
    const probe = await probeTools(directory, major, machine.platform);
    if (probe.ok) return { ...probe.tools, origin: 'installed' };
    if (probe.problem !== 'absent') log[probe.isUnsafe ? 'info' : 'debug'](`Not used: ${probe.problem}`);
  }
  return undefined;
}
