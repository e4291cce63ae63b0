import { count, minute, wholeNumber } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { plainLine } from '../runner/plain-text.ts';
import type { StoredBackup } from '../storage/store.ts';
import type { RowLoss } from './row-losses.ts';

/** A loss of rows, and the last backup that still contains them. */
export interface KnownLoss extends Omit<RowLoss, 'lastWith'> {
  readonly lastWith: StoredBackup;
}

const MOST_NAMED = 5;

/** Each loss with the backup that it is about. */
export function withBackups(losses: readonly RowLoss[], series: readonly StoredBackup[]): KnownLoss[] {
  return losses.flatMap(({ lastWith, ...loss }) => {
    const backup = series[lastWith];
    return backup ? [{ ...loss, lastWith: backup }] : [];
  });
}

/** The losses as a part of a sentence; without any name where no content may show. */
export function describeLosses(losses: readonly KnownLoss[]): string {
  const [first] = losses;
  if (!first) return 'no table has lost rows';
  const silently = `${count(losses.length, 'table')} lost rows that ${first.lastWith.name} still contains`;
  const named = losses.slice(0, MOST_NAMED).map(describeLoss).join('; ');
  const more = losses.length - MOST_NAMED;
  return log.shown(more > 0 ? `${named}; and ${count(more, 'more loss')}` : named, silently);
}

function describeLoss({ table, before, after, lastWith }: KnownLoss): string {
  const left =
    after === null ? 'it is gone' : after === 0 ? 'it is empty' : `only ${wholeNumber(after)} are left`;
  return `${plainLine(table)} had ${count(before, 'row')} in ${lastWith.name} (${keptUntil(lastWith)}), and ${left}`;
}

function keptUntil({ expiresAt }: StoredBackup): string {
  return expiresAt ? `kept until ${minute(expiresAt)}` : 'kept until it is deleted';
}

/** What to do about losses, in sentences. */
export function lossHint(losses: readonly KnownLoss[]): string {
  const [first] = losses;
  if (!first) return '';
  const restore = log.shown(
    `Restore the rows with "backup: ${first.lastWith.name}" and "tables: ${plainLine(first.table)}"`,
    `Restore the rows from ${first.lastWith.name}`,
  );
  return `${restore}; or, if they were deleted on purpose, add the table to allowed-row-loss of backup, check and prune.`;
}
