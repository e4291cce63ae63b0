import * as core from '@actions/core';
import { readLossPolicy } from '../history/loss-inputs.ts';
import type { LossPolicy } from '../history/row-losses.ts';
import type { FreshnessPolicy } from './freshness.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { type SeriesInputs, readSeriesInputs } from '../storage/series-inputs.ts';
import { wholeNumberInput } from '../runner/inputs/action-inputs.ts';
import { percentage, shortSpan } from '../runner/inputs/time-spans.ts';

const MOST_WANTED = 100_000;

/** The inputs of the check action, parsed and validated. */
export interface CheckInputs extends SeriesInputs {
  readonly policy: FreshnessPolicy;
  readonly losses: LossPolicy;
}

/**
 * Reads the inputs of `check/action.yml`.
 *
 * @throws UserError naming the input, what was wrong and what to write.
 */
export function readCheckInputs(runner: Pick<RunnerEnvironment, 'repository'>): CheckInputs {
  return {
    ...readSeriesInputs(runner),
    policy: {
      maxAgeMs: shortSpan('max-age', core.getInput('max-age')),
      minimumCount:
        core.getInput('minimum-count') === ''
          ? 1
          : wholeNumberInput('minimum-count', { min: 1, max: MOST_WANTED, counts: 'backups', example: 7 }),
      maximumShrink: percentage('maximum-shrink', core.getInput('maximum-shrink')),
    },
    losses: readLossPolicy(),
  };
}
