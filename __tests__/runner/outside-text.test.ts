import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { code, escaped, shellWord, table } from '../../src/runner/markdown.ts';
import { plainLine } from '../../src/runner/plain-text.ts';

/** What the runner takes for a command (actions/runner, `ActionCommand.TryParseV2` and `TryParse`). */
const isCommand = (line: string) => line.trim().startsWith('::') || line.includes('##[');

describe('untrusted text in the log', () => {
  it.each([
    '::add-mask::x',
    '  ::set-output name=a::b',
    '\t::error::x',
    'a\n::warning::x',
    '\r::x',
    'a##[error]b',
    '\u2028::x',
  ])('cannot be a command: %j', (text) => {
    expect(
      plainLine(text)
        .split(/[\r\n\u2028\u2029]/)
        .filter(isCommand),
    ).toEqual([]);
  });

  it('cannot be a command, whatever it contains', () => {
    const character = fc.constantFrom(':', '#', '[', ' ', '\n', '\r', '\t', 'a', '\u0000', '\u00a0');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 12 }), (characters) => {
        expect(
          plainLine(characters.join(''))
            .split(/[\r\n]/)
            .some(isCommand),
        ).toBe(false);
      }),
      { numRuns: 20_000 },
    );
  });

  it('is unchanged if it is harmless', () => {
    expect(plainLine('  37 %  public."Odd: Näme"  a::b')).toBe('  37 %  public."Odd: Näme"  a::b');
  });
});

describe('untrusted text in the summary', () => {
  it('contains no markup of Markdown, HTML or a table', () => {
    const hostile = '| <img src=x onerror=alert(1)> [a](javascript:b) ![c](d) `e` **f** www.g.h @i #1 \n## j';
    expect(escaped(hostile)).not.toMatch(/[|<>[\]()`*@!]|&(?!#\d+;)/);
    expect(escaped(hostile)).not.toContain('\n');
    expect(code('a|b')).toBe('<code>a&#124;b</code>');
  });

  it('stays one row of a table', () => {
    expect(table(['a'], [[escaped('x\n|y')]], ['left']).split('\n')).toHaveLength(3);
  });

  it('stays one word of a shell command', () => {
    expect(shellWord('shop-1.bak')).toBe('shop-1.bak');
    expect(shellWord("it's $(bad)")).toBe(`'it'\\''s $(bad)'`);
  });
});
