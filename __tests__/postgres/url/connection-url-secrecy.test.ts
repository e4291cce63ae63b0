import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseConnectionUrl } from '../../../src/postgres/url/connection-url.ts';
import { UserError } from '../../../src/errors.ts';

/** A password in which every piece that could be cut off contains the mark. */
const MARK = 'ZQX';
const password = fc
  .array(
    fc.tuple(
      fc.constantFrom(MARK, `5432${MARK}`, `a=${MARK}`, `sslmode=${MARK}`, `%41${MARK}`),
      fc.constantFrom(
        '',
        '@',
        '/',
        ':',
        '?',
        '#',
        '%',
        '&',
        '=',
        ',',
        '[',
        ']',
        ' ',
        '%zz',
        '//',
        '@/',
        '?a=',
      ),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((pieces) => pieces.flat().join(''));
const rest = fc.constantFrom('h/d', 'h:5432/d', 'h/d?sslmode=require', '[::1]:5432/d', 'a,b:1/d', '', '/d');

describe('a password with special characters in a URL', () => {
  it('is read as the password if the URL is accepted, and is in no error if it is refused', () => {
    let accepted = 0;
    fc.assert(
      fc.property(password, rest, (secret, place) => {
        try {
          const url = `postgres://user:${secret}@${place}`;
          const { parameters, service, foreign } = parseConnectionUrl('connection-string', url);
          const { password: own = '', ...others } = parameters;
          expect(own).toContain(MARK);
          expect(JSON.stringify([others, service, foreign])).not.toContain(MARK);
          accepted += 1;
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          expect(`${error.message} ${error.hint}`).not.toContain(MARK);
        }
      }),
      { numRuns: 10_000, seed: Number(process.env['PARITY_SEED'] ?? 17) },
    );
    // Both happen often, so that both are looked at.
    expect(accepted).toBeGreaterThan(1_000);
    expect(accepted).toBeLessThan(9_000);
  });

  it('does not affect parameters that can contain an "@"', () => {
    const { parameters } = parseConnectionUrl(
      'connection-string',
      'postgres://user:secret@host/shop?application_name=me@home&options=-c%20search_path%3Da@b',
    );
    expect(parameters).toMatchObject({ application_name: 'me@home', options: '-c search_path=a@b' });
  });
});
