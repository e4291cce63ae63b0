import * as core from '@actions/core';
import { messageOf } from '../errors.ts';
import { setOutput } from './command-files.ts';
import { duration } from './format.ts';
import { log } from './log.ts';
import type { Durations } from './durations.ts';

/** The result of a job that succeeded: its outputs, its part of the job summary (Markdown), and its duration. */
export interface FinishedJob extends Durations {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

/**
 * Sets the outputs, writes the job summary and closes the log.
 *
 * @throws UserError when the outputs cannot be written.
 */
export async function finish({ outputs, summary, phases, totalMs }: FinishedJob): Promise<void> {
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
  try {
    await core.summary.addRaw(summary).write();
  } catch (error) {
    // The work is done and verified: a missing summary does not make it a failure.
    log.warning(`The job summary cannot be written: ${messageOf(error)}`);
  }
  const milliseconds = phases.map((phase) => [phase.name, Math.round(phase.milliseconds)]);
  log.debug(
    `Milliseconds: ${JSON.stringify({ ...Object.fromEntries(milliseconds), 'In all': Math.round(totalMs) })}`,
  );
  log.info(`Done in ${duration(totalMs)}`);
}
