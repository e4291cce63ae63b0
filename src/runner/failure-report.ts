import * as core from '@actions/core';
import { CancelledError, UserError, errorCode, messageOf, silentText } from '../errors.ts';
import { setOutput } from './command-files.ts';
import { log } from './log.ts';
import { plainLine } from './plain-text.ts';
import type { FinishedJob } from './finish.ts';
import { escaped } from './markdown.ts';

/** How the failures of one action are reported. */
export interface FailureContext {
  /** The summary's heading, such as `No backup was made`. */
  readonly heading: string;
  /** The state after the failure, in one sentence. */
  readonly impact: string;
  /** Whether the annotation contains it too, because it is unexpected after a failure. */
  readonly impactIsNews?: boolean;
}

/** A failure that still has outputs and a part of the summary: the job found a problem, or finished only in part. */
export class FailedResult extends UserError {
  readonly result: Pick<FinishedJob, 'outputs' | 'summary'>;

  constructor(message: string, hint: string, result: FailedResult['result']) {
    super('failed-result', message, hint);
    this.result = result;
  }
}

/** Reports a failure once: the causes in the log, one annotation, and the summary; for a failed result, also the outputs. */
export async function reportFailure(error: unknown, context: FailureContext): Promise<void> {
  const { outputs, summary: more } =
    error instanceof FailedResult ? error.result : { outputs: {}, summary: '' };
  setOutputs(outputs);
  const { heading, impact, impactIsNews = false } = context;
  const { message, hint } = describe(error, impact);
  for (const line of causes(error)) log.info(line);
  const advice = impactIsNews && hint !== impact ? `${impact} ${hint}` : hint;
  core.error(`${plainLine(message)}\n${plainLine(advice)}`, { title: 'Postgres Backup' });
  // The summary repeats the annotation; where it cannot be written, the annotation still stands.
  await core.summary
    .addRaw(failureSummary({ heading, message, hint, impact }) + more)
    .write()
    .catch((failure: unknown) => {
      log.debug(`The job summary cannot be written: ${messageOf(failure)}`);
    });
}

/** The annotation must follow even if the outputs cannot be set. */
function setOutputs(outputs: FailedResult['result']['outputs']): void {
  try {
    for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
  } catch (error) {
    log.info(messageOf(error));
  }
}

/** The job summary of a failure, as GitHub-flavoured Markdown. */
function failureSummary(failure: {
  readonly heading: string;
  readonly message: string;
  readonly hint: string;
  readonly impact: string;
}): string {
  const { heading, message, hint, impact } = failure;
  const paragraphs = [`## ❌ ${heading}`, `**${escaped(message)}**`, escaped(hint)];
  if (hint !== impact) paragraphs.push(escaped(impact));
  return [...paragraphs, ''].join('\n\n');
}

/** Errors of the disk, which can occur wherever a file is written. */
const DISK_FAILURES: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk of the runner is full',
  EDQUOT: 'The disk quota of the runner is used up',
  EROFS: 'The disk of the runner has become read-only',
  EIO: 'The disk of the runner is faulty',
  EACCES: 'A file on the runner cannot be accessed',
  EPERM: 'A file on the runner cannot be accessed',
};

function describe(error: unknown, impact: string): { message: string; hint: string } {
  const because = log.withheldBecause;
  if (error instanceof UserError) {
    const { message, hint } = error;
    const silent = because === undefined ? undefined : silentText(error);
    if (!silent) return { message, hint };
    const isSame = silent.message === message && silent.hint === hint;
    return isSame ? silent : { ...silent, hint: `${silent.hint} ${because ?? ''}`.trim() };
  }
  if (error instanceof CancelledError) return { message: error.message, hint: impact };
  const disk = DISK_FAILURES[errorCode(error) ?? ''];
  if (disk !== undefined) {
    return {
      message: `${disk}: ${messageOf(error)}`,
      hint: "Check the disk and the permissions of the runner's folder for temporary files (RUNNER_TEMP), and run the job again.",
    };
  }
  return {
    message: `Unexpected error: ${log.reason(error)}`,
    hint: 'Run the job again with debug logging, and report the error with the log.',
  };
}

/** What caused it, as far as that may show: what a tool of PostgreSQL printed names content. */
function causes(error: unknown): string[] {
  if (!Error.isError(error)) return [];
  const isTold = error instanceof UserError || error instanceof CancelledError;
  if (log.withholdsContent && (!isTold || (error instanceof UserError && silentText(error)))) return [];
  if (!isTold) log.debug(error.stack ?? '');
  return Error.isError(error.cause) ? [...error.cause.message.split('\n'), ...causes(error.cause)] : [];
}
