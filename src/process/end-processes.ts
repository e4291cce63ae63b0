import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 100;
/** Three seconds. */
const LOOKS_BEFORE_KILL = 30;

/**
 * A process id and when the process started (field 22 of `/proc/<pid>/stat`), which no other process shares.
 *
 * @throws when there is no such process, and on other systems than Linux.
 */
export function processIdentity(pid: number): string {
  if (process.platform !== 'linux') throw new Error('process start times are read on Linux only');
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return `${pid} ${fields[19] ?? ''}`;
}

/**
 * Ends processes that are still running. Sends SIGTERM, upon which PostgreSQL's tools cancel their query on the server; one that does
 * not end in time is killed.
 *
 * @param identities see {@link processIdentity}.
 * @param onEnd gets the id of each before it is ended.
 */
export async function endProcesses(
  identities: readonly string[],
  onEnd: (pid: number) => void = () => undefined,
): Promise<void> {
  const running = alive(identities);
  for (const identity of running) {
    onEnd(pidOf(identity));
    end(identity, 'SIGTERM');
  }
  for (let left = running, looks = 0; left.length > 0; left = alive(left), looks++) {
    if (looks === LOOKS_BEFORE_KILL) for (const identity of left) end(identity, 'SIGKILL');
    if (looks > LOOKS_BEFORE_KILL) return;
    await pause(LOOK_EVERY_MS);
  }
}

/** Those that are still running: the process id may belong to another process by now; then its start time differs. */
function alive(identities: readonly string[]): string[] {
  return identities.filter((identity) => {
    try {
      return identity !== '' && processIdentity(pidOf(identity)) === identity;
    } catch {
      return false;
    }
  });
}

function pidOf(identity: string): number {
  return Number(identity.split(' ')[0]);
}

function end(identity: string, signal: NodeJS.Signals): void {
  try {
    process.kill(pidOf(identity), signal);
  } catch {
    // It has just ended.
  }
}
