import { describe, expect, it } from '@jest/globals';
import { summaryPage } from '../../scripts/summary-page.ts';

/** What stands between the page's own header and its end. */
function bodyOf(markdown: string): string {
  const [, body = ''] = /<main>\n(.*)<\/main>/s.exec(summaryPage(markdown, { title: 'backup' })) ?? [];
  return body.replaceAll('\n', '');
}

describe('the page of a job summary', () => {
  it('shows tables as GitHub does', () => {
    expect(bodyOf('| Table | Rows |\n| :- | -: |\n| `a\\|b` | **3** |')).toBe(
      '<table><thead><tr><th align="left">Table</th><th align="right">Rows</th></tr></thead>' +
        '<tbody><tr><td align="left"><code>a|b</code></td><td align="right"><strong>3</strong></td></tr></tbody></table>',
    );
  });

  it('renders Markdown inside a details element', () => {
    const body = bodyOf('<details><summary>More</summary>\n\n- [x] **done**\n\n</details>');
    expect(body).toMatch(/^<details><summary>More<\/summary>.*<strong>done<\/strong>.*<\/details>$/);
    expect(body).toContain('<input type="checkbox" disabled checked>');
  });

  it('distinguishes alerts from quotations', () => {
    expect(bodyOf('> [!WARNING]\n> Mind *this*.')).toBe(
      '<div class="alert alert-warning"><p class="alert-title">Warning</p><p>Mind <em>this</em>.</p></div>',
    );
    expect(bodyOf('> [!WARNING] is how it is written')).toMatch(/^<blockquote><p>\[!WARNING\] is/);
    expect(bodyOf('> said')).toBe('<blockquote><p>said</p></blockquote>');
  });

  it('leaves charts and commands as code', () => {
    expect(bodyOf('```mermaid\npie\n```')).toBe('<pre><code class="language-mermaid">pie</code></pre>');
    expect(bodyOf('```sh\necho "<b>" > x\n```')).toBe(
      '<pre><code class="language-sh">echo &quot;&lt;b&gt;&quot; &gt; x</code></pre>',
    );
  });

  it('runs no script that a summary contains', () => {
    const page = summaryPage(
      '<script>alert(1)</script>\n\n[x](javascript:alert(1)) <b onclick="alert(1)">b</b>\n\n</main></div>',
      {
        title: '</title><script>alert(2)</script>',
      },
    );
    expect(page).not.toMatch(/<script|onclick|javascript:/i);
    expect(page).toContain('<title>&lt;/title&gt;&lt;script&gt;alert(2)&lt;/script&gt;</title>');
    expect(page.match(/<\/main>/g)).toHaveLength(1);
  });

  it('needs no other file', () => {
    expect(summaryPage('# Hello', { title: 'x' })).not.toMatch(/<link|@import|url\(|src=|https?:\/\//);
  });
});
