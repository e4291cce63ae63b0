import * as core from '@actions/core';
import { UserError, messageOf, silentText } from '../errors.ts';
import { plainLine } from './plain-text.ts';

let withheldBecause: string | undefined;

/** The log of a run: all output goes through it, so that none can act as a command of the runner. */
export const log = {
  /** One line. */
  info(line: string): void {
    core.info(plainLine(line));
  },

  /**
   * From now on, nothing of the content of a backup shows: no name, count, digest or value.
   *
   * @param because says why, and where it shows; a sentence.
   */
  withholdContent(because: string): void {
    withheldBecause ??= because;
  },

  get withholdsContent(): boolean {
    return withheldBecause !== undefined;
  },

  /** Why content is withheld, for those who miss it; undefined where it is not. */
  get withheldBecause(): string | undefined {
    return withheldBecause;
  },

  /** A line about the content of a backup; `instead`, or nothing, where that is withheld. */
  content(line: string, instead?: string): void {
    const shown = log.shown(line, instead);
    if (shown !== undefined) log.info(shown);
  },

  /** A text about the content of a backup, or `instead` where that is withheld. */
  shown<T extends string | undefined>(text: string, instead: T): string | T {
    return withheldBecause === undefined ? text : instead;
  },

  /** What may be said of an error that is not the end of the job. */
  reason(error: unknown): string {
    const silent = error instanceof UserError ? silentText(error)?.message : undefined;
    return log.shown(
      messageOf(error),
      silent ?? (error instanceof UserError ? error.message : nameOf(error)),
    );
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

  /** A warning about the content of a backup: where that is withheld, `instead`, and how to see the rest. */
  contentWarning(message: string, instead: string): void {
    log.warning(log.shown(message, `${instead} ${withheldBecause ?? ''}`));
  },
};

function nameOf(error: unknown): string {
  return Error.isError(error) ? error.name : 'unknown error';
}
