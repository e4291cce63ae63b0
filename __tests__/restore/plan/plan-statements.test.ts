import { expect, it } from '@jest/globals';
import { requireExpectedStatements } from '../../../src/restore/plan/plan-statements.ts';
import { tocEntry } from '../../archive/toc/toc-entry.ts';

it('a cancellation ends the examination of definitions', async () => {
  const definition = `CREATE VIEW public.v AS SELECT ${'1, '.repeat(100_000)}1;\n`;
  const entry = tocEntry({ kind: 'VIEW', schema: 'public', tag: 'v', definition });
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort(new Error('cancelled'));
  }, 1);
  const entries = Array.from({ length: 60 }, () => entry);
  await expect(requireExpectedStatements(entries, controller.signal)).rejects.toThrow('cancelled');
});
