import { childrenOf } from './activity.ts';
import { endProcesses, processIdentity } from './end-processes.ts';
import { recordChild } from './run.ts';

/**
 * The processes that a program starts for its work. It ends them itself, unless it is killed: then each would go on
 * until it has finished its table. Known on Linux only.
 */
export class Workers {
  readonly #identities = new Map<number, string>();
  #leader: number | undefined;

  /** To be called with the process id of the program. */
  readonly follow = (leader: number): void => {
    this.#leader = leader;
  };

  /** Records those that have come, for the post step too. */
  look(): void {
    try {
      for (const pid of this.#leader === undefined ? [] : childrenOf(this.#leader)) {
        if (this.#identities.has(pid)) continue;
        this.#identities.set(pid, processIdentity(pid));
        recordChild(pid);
      }
    } catch {
      // One has just ended, or the system does not show them.
    }
  }

  /** Ends those that still run after their program has ended. */
  end(): Promise<void> {
    return endProcesses([...this.#identities.values()]);
  }
}
