import { describe, expect, it } from '@jest/globals';
import { textError } from '../../../src/restore/plan/text-encoding.ts';

describe('rows of an archive in SQL_ASCII', () => {
  const tables = (['ascii', 'utf8', 'other'] as const).map((text) => ({ name: `public.${text}`, text }));

  it.each([
    ['UTF8', /^Rows of public\.other contain bytes that are not valid in UTF8/],
    ['EUC_JP', /^Rows of public\.utf8, public\.other contain/],
    ['LATIN1', undefined],
    ['WIN1252', undefined],
    ['SQL_ASCII', undefined],
  ])('may have to be refused by a target in %s', (target, message) => {
    const error = textError('SQL_ASCII', target, tables);
    if (message) expect(error?.message).toMatch(message);
    else expect(error).toBeUndefined();
    expect(error?.silent?.message ?? '').not.toContain('public');
  });

  it('are converted by the server if the archive has another encoding', () => {
    for (const archive of ['UTF8', 'LATIN1', undefined]) {
      expect(textError(archive, 'UTF8', tables)).toBeUndefined();
    }
  });
});
