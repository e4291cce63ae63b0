import { describe, expect, it } from '@jest/globals';
import { KeptEnds } from '../../src/process/kept-ends.ts';

/** What is kept of lines, which arrive in chunks of this many bytes. */
function kept(lines: readonly string[], { limit = 100, chunk = 33 } = {}): string {
  const ends = new KeptEnds(limit);
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  for (let at = 0; at < bytes.length; at += chunk) ends.add(bytes.subarray(at, at + chunk));
  return ends.text();
}

const noise = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index} of it`);

describe('the ends of a long text', () => {
  it.each([1, 7, 33, 1000])('are its first and its last lines, whole (chunks of %i)', (chunk) => {
    const text = kept(['psql: error', ...noise(500), 'the end'], { chunk });
    expect(text).toMatch(/^psql: error\nline 0 of it\n[^]*\nline 499 of it\nthe end\n$/);
    expect(text.length).toBeLessThanOrEqual(200);
    expect(
      text
        .split('\n')
        .slice(1, -2)
        .every((line) => /^line \d+ of it$/.test(line)),
    ).toBe(true);
  });

  it.each([0, 1, 5, 10])('are all of a text that is not too long (%i lines)', (count) => {
    const lines = noise(count);
    expect(kept(lines)).toBe(lines.map((line) => `${line}\n`).join(''));
  });

  it.each(['CONTEXT:  PL/pgSQL function f() line 3 at RAISE', 'COPY t, line 7: "x"', 'ERROR:  P0001: x'])(
    'are the last lines alone where those between say that values may stand before them: %s',
    (said) => {
      const text = kept(['ERROR:  the value', ...noise(100), said, ...noise(100)], { chunk: 10 });
      expect(text).not.toContain('the value');
      expect(text).toMatch(/line 99 of it\n$/);
    },
  );
});
