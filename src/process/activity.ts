import { readFileSync, readdirSync } from 'node:fs';

/** Whether {@link activityOf} tells anything on this system. */
export const ACTIVITY_IS_KNOWN = process.platform === 'linux';

/**
 * What a process and its children have done so far, as a text that changes whenever one of them has run: how often each
 * gave up the processor, and how long it had it, by Linux's account (proc(5)). A process that waits for a network that
 * is silent never runs; one that gets a byte does.
 *
 * @returns the same text always on other systems, and when the process has ended.
 */
export function activityOf(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const switches = /^voluntary_ctxt_switches:\s*(\d+)\nnonvoluntary_ctxt_switches:\s*(\d+)$/m.exec(status);
    // The name of the program, in brackets, may hold anything. Fields 14 and 15: its time in user and in kernel mode.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const own = [pid, switches?.[1], switches?.[2], fields[11], fields[12]].join(' ');
    return [own, ...childrenOf(pid).map(activityOf)].join(', ');
  } catch {
    return '';
  }
}

function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'));
  return lists.flatMap((list) => list.split(' ').filter((child) => child !== '')).map(Number);
}
