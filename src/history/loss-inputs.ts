import * as core from '@actions/core';
import { UserError } from '../errors.ts';
import { patternLines, quote } from '../runner/inputs/parsers.ts';
import { percentage } from '../runner/inputs/time-spans.ts';
import type { LossPolicy } from './row-losses.ts';
import { matchesTable } from './table-patterns.ts';

const ALLOWED = 'allowed-row-loss';

/**
 * Reads what is a loss of rows, and of which tables it is none.
 *
 * @throws UserError naming the input, what was wrong and what to write.
 */
export function readLossPolicy(): LossPolicy {
  const allowed = patternLines(ALLOWED, core.getInput(ALLOWED)).map(readTables);
  return {
    maximumRowLoss: percentage('maximum-row-loss', core.getInput('maximum-row-loss')),
    isAllowed: (table) => allowed.some((matches) => matches(table)),
  };
}

function readTables(text: string): (table: string) => boolean {
  const matches = matchesTable(text);
  if (matches) return matches;
  throw new UserError(
    'invalid-input',
    `${ALLOWED}: ${quote(text)} is not a pattern that can be used here.`,
    `Write the names of tables, one a line, with * and ? as wildcards, for example "${ALLOWED}: public.sessions".`,
  );
}
