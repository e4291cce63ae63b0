import * as core from '@actions/core';
import { identifiers } from '../archive/names.ts';
import { UserError } from '../errors.ts';
import { matchesRelation, readPattern } from '../postgres/name-pattern.ts';
import { lines, quote } from '../runner/inputs/parsers.ts';
import { percentage } from '../runner/inputs/time-spans.ts';
import type { LossPolicy } from './row-losses.ts';

const ALLOWED = 'allowed-row-loss';

/**
 * Reads what is a loss of rows, and of which tables it is none.
 *
 * @throws UserError naming the input, what was wrong and what to write.
 */
export function readLossPolicy(): LossPolicy {
  const patterns = lines(core.getInput(ALLOWED)).map(readTables);
  return {
    maximumRowLoss: percentage('maximum-row-loss', core.getInput('maximum-row-loss')),
    isAllowed: (table) => {
      const [schema = '', name = ''] = identifiers(table);
      return patterns.some((pattern) => matchesRelation(pattern, { schema, name, visible: true }));
    },
  };
}

function readTables(text: string): NonNullable<ReturnType<typeof readPattern>> {
  const pattern = readPattern(text);
  if (pattern) return pattern;
  throw new UserError(
    'invalid-input',
    `${ALLOWED}: ${quote(text)} is not a pattern that can be used here.`,
    `Write the names of tables, one a line, with * and ? as wildcards, for example "${ALLOWED}: public.sessions".`,
  );
}
