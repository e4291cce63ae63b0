import * as core from '@actions/core';
import { UserError } from '../errors.ts';
import { readLossPolicy } from '../history/loss-inputs.ts';
import type { LossPolicy } from '../history/row-losses.ts';
import type { Period, PrunePolicy } from './policy.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { type SeriesInputs, readSeriesInputs } from '../storage/series-inputs.ts';
import { booleanInput, wholeNumberInput } from '../runner/inputs/action-inputs.ts';
import { calendarSpan } from './calendar-span.ts';

/** More than any repository has: GitHub keeps an artifact for 400 days at most. */
const MOST_KEPT = 100_000;

/** The inputs of the prune action, parsed and validated. */
export interface PruneInputs extends SeriesInputs {
  /** At least one of its rules keeps something. */
  readonly policy: PrunePolicy;
  readonly minimum: number;
  readonly losses: LossPolicy;
  readonly dryRun: boolean;
}

/**
 * Reads the inputs of `prune/action.yml`.
 *
 * @throws UserError naming the input, what was wrong and what to write.
 */
export function readPruneInputs(runner: Pick<RunnerEnvironment, 'repository'>): PruneInputs {
  return {
    ...readSeriesInputs(runner),
    policy: readPolicy(),
    minimum: wholeNumberInput('minimum', { min: 1, max: MOST_KEPT, counts: 'backups', example: 3 }),
    losses: readLossPolicy(),
    dryRun: booleanInput('dry-run'),
  };
}

/** A rule of 0 is the same as none, as in restic. */
function readPolicy(): PrunePolicy {
  const policy = {
    last: keepNumber('keep-last', 'backups'),
    hourly: keepNumber('keep-hourly', 'hours'),
    daily: keepNumber('keep-daily', 'days'),
    weekly: keepNumber('keep-weekly', 'weeks'),
    monthly: keepNumber('keep-monthly', 'months'),
    yearly: keepNumber('keep-yearly', 'years'),
    within: keepWithin('keep-within'),
  };
  if (Object.values(policy).some((rule) => rule !== undefined)) return policy;
  throw new UserError(
    'invalid-input',
    'No keep rule is set, and without one all backups but the minimum would be deleted.',
    'Set at least one of keep-last, keep-hourly, keep-daily, keep-weekly, keep-monthly, keep-yearly and keep-within, ' +
      'for example "keep-daily: 7"; to keep only the newest, "keep-last: 1". Check their spelling in the workflow, too: GitHub only warns about inputs that do not exist.',
  );
}

function keepNumber(name: string, counts: string): number | undefined {
  if (core.getInput(name) === '') return undefined;
  return wholeNumberInput(name, { min: 0, max: MOST_KEPT, counts, example: 7 }) || undefined;
}

function keepWithin(name: string): Period | undefined {
  const value = core.getInput(name);
  if (value === '') return undefined;
  const span = calendarSpan(name, value);
  return Object.values(span).some((part) => part > 0) ? span : undefined;
}
