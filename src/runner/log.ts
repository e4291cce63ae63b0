import * as core from '@actions/core';
import { plainLine } from './plain-text.ts';

/** The log of a run: everything that a person reads goes through here, so nothing in it can act as a command. */
export const log = {
  /** One line of the story. */
  info(line: string): void {
    core.info(plainLine(line));
  },

  /** A line that is shown only when the workflow is run with debug logging. */
  debug(line: string): void {
    core.debug(plainLine(line));
  },

  /** Folds what is printed meanwhile under a heading. */
  group<T>(heading: string, work: () => Promise<T>): Promise<T> {
    return core.group(plainLine(heading), work);
  },

  /** Something changed on the user's behalf that they would want to know: an annotation, the step stays green. */
  notice(message: string): void {
    core.notice(plainLine(message), { title: 'Postgres Backup' });
  },

  /** Something is not as it should be, but the backup is good: an annotation, the step stays green. */
  warning(message: string): void {
    core.warning(plainLine(message), { title: 'Postgres Backup' });
  },
};
