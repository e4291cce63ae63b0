import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { restoreSessions } from '../../../src/restore/apply/sessions.ts';
import {
  type Outcome,
  type Transaction,
  markReader,
  settle,
} from '../../../src/restore/apply/transaction-outcome.ts';
import { type RestoreBed, startRestoreBed } from './restore-bed.ts';

let bed: RestoreBed;
beforeAll(async () => {
  bed = await startRestoreBed('17');
});
afterAll(() => bed.stop());

function outcomeOf(transaction: Transaction, found?: boolean, port = bed.server.port): Promise<Outcome> {
  const sessions = restoreSessions(bed.session('postgres', { PGPORT: String(port) }));
  return settle(sessions, transaction, () => Promise.resolve(found));
}

/** The number of a new transaction that ends in this way. */
async function ended(how: 'COMMIT' | 'ROLLBACK'): Promise<Transaction> {
  const output = await bed
    .session('postgres')
    .query(`BEGIN; SELECT pg_catalog.pg_current_xact_id(); ${how};`, 1);
  return { id: output[0]?.[0], mayBeCommitted: true };
}

describe('the outcome of a transaction', () => {
  it('is what the server says of its number', async () => {
    expect(await outcomeOf(await ended('COMMIT'))).toBe('committed');
    expect(await outcomeOf(await ended('ROLLBACK'))).toBe('rolled back');
  });

  it('is a rollback for a number that a crashed server has lost', async () => {
    expect(await outcomeOf({ id: '1000000', mayBeCommitted: true })).toBe('rolled back');
  });

  it.each([
    [true, 'committed'],
    [false, 'rolled back'],
    [undefined, 'unknown'],
  ])('without a number depends on what is found in the target: %s is %s', async (found, outcome) => {
    expect(await outcomeOf({ id: undefined, mayBeCommitted: true }, found)).toBe(outcome);
  });

  it('is a rollback if COMMIT was not sent, even if no server answers', async () => {
    expect(await outcomeOf({ id: undefined, mayBeCommitted: false }, true)).toBe('rolled back');
    expect(await outcomeOf({ id: undefined, mayBeCommitted: false }, true, 1)).toBe('rolled back');
  });
});

it('the number of a transaction is read from the output of psql in any pieces', () => {
  const transaction: Transaction = { id: undefined, mayBeCommitted: false };
  const read = markReader(transaction);
  for (const piece of [' ?column?\n---\n postgres-backup-action trans', 'action 7', '45\n(1 row)\n', '1'])
    read(Buffer.from(piece));
  expect(transaction.id).toBe('745');
});
