import * as core from '@actions/core';
import { CancelledError, UserError, messageOf } from '../errors.ts';
import { log } from '../log/log.ts';
import { plainLine } from '../log/plain-text.ts';
import type { FinishedJob } from './finish.ts';
import { escaped } from './markdown.ts';

/** How the failures of one action are told. */
export interface FailureFrame {
  /** The summary's heading, such as `No backup was made`. */
  readonly heading: string;
  /** What the failure leaves behind, in one sentence; asked when it has happened. */
  readonly aftermath: () => string;
}

/** What a job that did its work found, or could not finish, turns the step red: it has outputs and a summary all the same. */
export class RedResult extends UserError {
  readonly result: Pick<FinishedJob, 'outputs' | 'summary'>;

  constructor(message: string, hint: string, result: RedResult['result']) {
    super(message, hint);
    this.result = result;
  }
}

/** Tells of a failure once: the causes in the log, one annotation, and the summary; of a red result, also the outputs. */
export async function reportFailure(error: unknown, frame: FailureFrame): Promise<void> {
  const { outputs, summary: more } = error instanceof RedResult ? error.result : { outputs: {}, summary: '' };
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);
  const aftermath = frame.aftermath();
  const { message, hint } = inWords(error, aftermath);
  for (const line of causes(error)) log.info(line);
  core.error(`${plainLine(message)}\n${plainLine(hint)}`, { title: 'Postgres Backup' });
  // The summary repeats the annotation; where it cannot be written, the annotation still stands.
  await core.summary
    .addRaw(failureSummary({ heading: frame.heading, message, hint, aftermath }) + more)
    .write()
    .catch((failure: unknown) => {
      log.debug(`The job summary cannot be written: ${messageOf(failure)}`);
    });
}

/** The job summary of a failure, as GitHub-flavoured Markdown. */
export function failureSummary(failure: {
  readonly heading: string;
  readonly message: string;
  readonly hint: string;
  readonly aftermath: string;
}): string {
  const { heading, message, hint, aftermath } = failure;
  const paragraphs = [`## ❌ ${heading}`, `**${escaped(message)}**`, escaped(hint)];
  if (hint !== aftermath) paragraphs.push(escaped(aftermath));
  return [...paragraphs, ''].join('\n\n');
}

function inWords(error: unknown, aftermath: string): { message: string; hint: string } {
  if (error instanceof UserError) return { message: error.message, hint: error.hint };
  if (error instanceof CancelledError) return { message: error.message, hint: aftermath };
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
