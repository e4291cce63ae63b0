import { readFileSync, readdirSync } from 'node:fs';

/** Whether {@link activityOf} works on this system. */
export const ACTIVITY_IS_KNOWN = process.platform === 'linux';

/**
 * The activity of a process and its children, as a text that changes whenever one of them has run: how often each
 * gave up the processor, and how long it used it (proc(5)). A process that waits for a network without data
 * never runs; one that receives a byte does.
 *
 * @returns always the same text on other systems, and when the process has ended.
 */
export function activityOf(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const switches = /^voluntary_ctxt_switches:\s*(\d+)\nnonvoluntary_ctxt_switches:\s*(\d+)$/m.exec(status);
    // The name of the program, in parentheses, may contain any character. Fields 14 and 15: time in user and kernel mode.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const own = [pid, switches?.[1], switches?.[2], fields[11], fields[12]].join(' ');
    return [own, ...childrenOf(pid).map(activityOf)].join(', ');
  } catch {
    return '';
  }
}

/** The process ids of its children. @throws when there is no such process, and on other systems. */
export function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'));
  return lists.flatMap((list) => list.split(' ').filter((child) => child !== '')).map(Number);
}
