import { describe, expect, it } from '@jest/globals';
import { tocEntry } from '../../archive/toc/toc-entry.ts';
import { TocIndex } from '../../../src/archive/toc/toc-index.ts';
import { tablesOfDeferredChecks } from '../../../src/restore/plan/deferred-checks.ts';

const CALLS = [
  tocEntry({ dumpId: 1, kind: 'FUNCTION', schema: 'public', tag: 'f(integer)' }),
  tocEntry({ dumpId: 2, kind: 'OPERATOR', schema: 'public', tag: '###' }),
];

/** The names of the tables whose constraints have to wait. */
function chosen(
  tables: Readonly<Record<string, readonly [text: string, dependencies: readonly number[]]>>,
  encoding = 'UTF8',
): string[] {
  const entries = [
    tocEntry({ dumpId: 3, kind: 'ENCODING', definition: `SET client_encoding = '${encoding}';\n` }),
    ...CALLS,
    ...Object.entries(tables).map(([tag, [text, dependencies]], at) =>
      tocEntry({
        ...{ dumpId: 10 + at, kind: 'TABLE', schema: 'public', tag, dependencies },
        definition: `CREATE TABLE public.t (\n    id integer${text}\n);\n`,
      }),
    ),
  ];
  return tablesOfDeferredChecks(entries, new TocIndex(entries)).map(({ tag }) => tag);
}

describe('the CHECK constraints that wait for all rows', () => {
  it('call a function or use an operator of the archive', () => {
    const found = chosen({
      calls: [',\n    CONSTRAINT c CHECK (public.f(id))', [1]],
      operator: [',\n    CONSTRAINT c CHECK ((OPERATOR(public.###) id))', [2]],
      plain: [',\n    CONSTRAINT c CHECK ((id > 0))', []],
      default: [' DEFAULT public.f(1),\n    CONSTRAINT c CHECK ((id > 0))', [1]],
      named: [",\n    CONSTRAINT c CHECK ((id > 'f(1)'::text))", [1]],
      elsewhere: [',\n    CONSTRAINT c CHECK (extensions.f(id))', []],
    });
    expect(found).toEqual(['calls', 'operator']);
  });

  it('are none of a table whose name the server may not know as it is here', () => {
    const tables = {
      plain: [',\n    CONSTRAINT c CHECK (public.f(id))', [1]],
      é: [',\n    CONSTRAINT c CHECK (public.f(id))', [1]],
    } as const;
    expect(chosen(tables)).toEqual(['plain', 'é']);
    expect(chosen(tables, 'LATIN1')).toEqual(['plain']);
  });
});
