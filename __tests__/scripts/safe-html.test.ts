import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { escapeHtml, safeHtml } from '../../scripts/safe-html.ts';

describe('the filter for safe HTML', () => {
  it.each([
    ['a table', '<table><tr><td align="left" colspan="2">1</td></tr></table>'],
    ['a folded part', '<details open=""><summary>More</summary>text</details>'],
    ['entities', 'a &amp; b &lt;script&gt;'],
    ['a picture', '<img src="https://example.org/a.png" alt="a" width="10">'],
  ])('keeps %s', (_, html) => {
    expect(safeHtml(html)).toBe(html);
  });

  it.each([
    ['scripts, with what they hold', 'a<script>if (1 < 2) alert("</div>")</script >b', 'ab'],
    ['a script without an end, and the rest with it', 'a<SCRIPT src=x>alert(1)', 'a'],
    ['styles', '<style>* { display: none }</style>x', 'x'],
    ['drawings', '<svg><a href="https://x.example"><script>1</script></a></svg>x', 'x'],
    ['frames', '<iframe src="https://x.example">y</iframe>x', 'x'],
    ['forms, but not their text', '<form action="/x"><button>Press</button></form>', 'Press'],
    ['comments', 'a<!-- <b> -->b', 'ab'],
    [
      'handlers of events',
      '<p onclick="alert(1)" ONMOUSEOVER=alert(1) title="t">x</p>',
      '<p title="t">x</p>',
    ],
    ['styles of elements', '<p style="position:fixed" id="x" class="summary">x</p>', '<p>x</p>'],
    [
      'pictures from elsewhere than the web',
      '<img src="file:///etc/passwd"><img src=x onerror=alert(1)>',
      '<img><img>',
    ],
    [
      'inputs that are no check boxes',
      '<input type="text" value="x"><input type="checkbox" checked>',
      '<input type="checkbox" disabled checked>',
    ],
    ['ends without a beginning', '</div></main>x</p>', 'x'],
  ])('removes %s', (_, html, safe) => {
    expect(safeHtml(html)).toBe(safe);
  });

  it.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    ' javascript:alert(1)',
    'java&#115;cript:alert(1)',
    '&#x6a;avascript&colon;alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '//x.example',
    String.raw`/\x.example`,
  ])('makes no link to %s', (target) => {
    expect(safeHtml(`<a href="${target}">x</a>`)).toBe('<a rel="noopener noreferrer nofollow">x</a>');
  });

  it('links to the web, to addresses and within the page', () => {
    for (const target of [
      'https://github.com/a/b?c=d&amp;e',
      'http://x.example',
      'mailto:a@b.example',
      '#part',
      '/a',
      './a',
    ]) {
      expect(safeHtml(`<a href='${target}'>x</a>`)).toBe(
        `<a href="${target}" rel="noopener noreferrer nofollow">x</a>`,
      );
    }
  });

  it('closes elements that were left open, so that no element extends beyond its parent', () => {
    expect(safeHtml('<div><b>x</div>y<ul><li>z')).toBe('<div><b>x</b></div>y<ul><li>z</li></ul>');
  });

  it('shows a lone angle bracket as text', () => {
    expect(safeHtml('1 < 2 > 0, <3, <a href="x')).toBe('1 &lt; 2 &gt; 0, &lt;3, &lt;a href="x');
  });

  it('does not let a value end its quotes', () => {
    expect(safeHtml(`<p title='"><script>alert(1)</script>'>x</p>`)).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">x</p>',
    );
  });

  it('writes only allowed elements and attributes, whatever it reads', () => {
    const soup = fc
      .array(
        fc.constantFrom(
          ...[
            '<',
            '>',
            '"',
            "'",
            '/',
            '=',
            ' ',
            '\n',
            '!--',
            '-->',
            '&#106;',
            'a',
            'p',
            'div',
            'script',
            'style',
            'svg',
          ],
          ...[
            'img',
            'href',
            'src',
            'onerror',
            'title',
            'javascript:',
            'https://',
            'x',
            '</',
            '<p ',
            '<a href=',
            '<script>',
          ],
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(soup, (html) => {
        const safe = safeHtml(html);
        const tags = safe.match(/<[^>]*>/g) ?? [];
        for (const tag of tags) {
          expect(tag).toMatch(/^<\/?(?:a|p|div|img)(?: (?:href|src|title|rel)="[^"<>]*")*>$/);
          expect(tag).not.toMatch(/(?:href|src)="(?!https:\/\/|\/|\.\/)/);
        }
        expect(safe.replace(/<[^>]*>/g, '')).not.toMatch(/[<>]/);
        expect(safeHtml(safe)).toBe(safe);
      }),
      { numRuns: 2000 },
    );
  });

  it('turns text into HTML that shows the same text', () => {
    expect(escapeHtml(`<a href="x">'&'</a>`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
  });
});
