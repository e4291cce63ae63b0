import * as core from '@actions/core';
import { plainLine } from './plain-text.ts';

let isContentWithheld = false;

/** The log of a run: all output goes through it, so that none can act as a command of the runner. */
export const log = {
  /** One line. */
  info(line: string): void {
    core.info(plainLine(line));
  },

  /** From now on, nothing of the content of a backup shows: no name, count, digest or value. */
  withholdContent(): void {
    isContentWithheld = true;
  },

  get withholdsContent(): boolean {
    return isContentWithheld;
  },

  /** A line about the content of a backup; `instead`, or nothing, where that is withheld. */
  content(line: string, instead?: string): void {
    const shown = isContentWithheld ? instead : line;
    if (shown !== undefined) log.info(shown);
  },

  /** A line that is shown only when the workflow is run with debug logging. */
  debug(line: string): void {
    core.debug(plainLine(line));
  },

  /** Folds the output of `work` under a heading. */
  group<T>(heading: string, work: () => Promise<T>): Promise<T> {
    return core.group(plainLine(heading), work);
  },

  /** Something that was changed on the user's behalf: an annotation, the step succeeds. */
  notice(message: string): void {
    core.notice(plainLine(message), { title: 'Postgres Backup' });
  },

  /** A problem that does not affect the backup: an annotation, the step succeeds. */
  warning(message: string): void {
    core.warning(plainLine(message), { title: 'Postgres Backup' });
  },
};
