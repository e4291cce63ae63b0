import * as core from '@actions/core';
import { CancelledError, UserError, messageOf } from '../errors.ts';
import { failureSummary } from './backup-summary.ts';
import { log } from '../log/log.ts';
import { plainLine } from '../log/plain-text.ts';

/** Tells of a failure once: the causes in the log, one annotation, and the summary. */
export async function reportFailure(error: unknown): Promise<void> {
  const { message, hint } = inWords(error);
  for (const line of causes(error)) log.info(line);
  core.error(`${plainLine(message)}\n${plainLine(hint)}`, { title: 'Postgres Backup' });
  // The summary repeats the annotation; where it cannot be written, the annotation still stands.
  await core.summary
    .addRaw(failureSummary(message, hint))
    .write()
    .catch((failure: unknown) => {
      log.debug(`The job summary cannot be written: ${messageOf(failure)}`);
    });
}

function inWords(error: unknown): { message: string; hint: string } {
  if (error instanceof UserError) return { message: error.message, hint: error.hint };
  if (error instanceof CancelledError) return { message: error.message, hint: 'Nothing was published.' };
  return {
    message: `The action failed in a way that it does not know: ${messageOf(error)}`,
    hint: 'Run the job again with debug logging, and report what it prints.',
  };
}

function causes(error: unknown): string[] {
  if (!Error.isError(error)) return [];
  if (!(error instanceof UserError) && !(error instanceof CancelledError)) log.debug(error.stack ?? '');
  return Error.isError(error.cause) ? [...error.cause.message.split('\n'), ...causes(error.cause)] : [];
}
