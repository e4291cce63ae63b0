import { describe, expect, it } from '@jest/globals';
import { wordFaults } from '../../scripts/words/wording.ts';

describe('the check of the wording', () => {
  it.each([
    ['the archive was proven', 'proven'],
    ['a ProvenArchive', 'Proven'],
    ['the proof of a restore', 'proof'],
    ['does not pass its rehearsal', 'rehearsal'],
    ['How to bring it back', 'bring it back'],
    ['the way back', 'way back'],
    ['smaller than the last one.', 'than the last one'],
    ['the earlier backups', 'earlier backups'],
    ['when the check is red', 'is red'],
    ['red, in words', 'in words'],
    ['GitHub may be disturbed', 'disturbed'],
    ['the database holds 3 tables', 'holds'],
    ['the tools at hand', 'at hand'],
    ['could not be had from', 'be had'],
    ['the connection goes silent', 'goes silent'],
    ['Keep the newest so many backups', 'newest so many'],
  ])('finds what to avoid in "%s"', (text, found) => {
    expect(wordFaults(text)).toMatchObject([{ line: 1, found }]);
  });

  it.each([
    'an improved approval of the provider, with provenance',
    'another session holds a lock, and that session holds the lock',
    'roll the transaction back, and read the archive back',
    'the last 30 days, from the last backup on',
    'a required input, declared and compared',
  ])('finds nothing in "%s"', (text) => {
    expect(wordFaults(text)).toEqual([]);
  });

  it('says in which line the phrase is, and what to write instead', () => {
    expect(wordFaults('verified\n\nproven twice\n')).toEqual([
      { line: 3, found: 'proven', instead: 'verify, verified' },
    ]);
  });

  it('ignores quoted errors in tables that explain them, but not the explanation', () => {
    expect(wordFaults('| `could not be had from` | It could not be had. |')).toHaveLength(1);
  });
});
