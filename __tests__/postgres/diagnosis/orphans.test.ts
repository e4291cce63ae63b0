import { describe, expect, it } from '@jest/globals';
import { orphansOf } from '../../../src/postgres/diagnosis/orphans.ts';

describe('the query for rows that a foreign key forbids', () => {
  it.each<[string, string | undefined]>([
    [
      'ALTER TABLE ONLY public.child\n    ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES public.parent(id) ON DELETE CASCADE;',
      'SELECT * FROM public.child c WHERE (c.id) IS NOT NULL AND NOT EXISTS (SELECT FROM public.parent p WHERE (p.id) = (c.id));',
    ],
    [
      'ALTER TABLE "My, s"."c ""x"\n    ADD CONSTRAINT "a b" FOREIGN KEY ("a, b", c) REFERENCES s.p(x, "Y")',
      'SELECT * FROM "My, s"."c ""x" c WHERE (c."a, b", c.c) IS NOT NULL AND NOT EXISTS (SELECT FROM s.p p WHERE (p.x, p."Y") = (c."a, b", c.c));',
    ],
    ['COPY public.child FROM stdin', undefined],
  ])('%j', (statement, query) => {
    expect(orphansOf(statement)).toBe(query);
  });
});
