import { Marked, type Tokens } from 'marked';
import { escapeHtml, safeHtml } from './safe-html.ts';
import { SUMMARY_STYLE } from './summary-style.ts';

/** A warning that GitHub sets apart: `> [!NOTE]` and its like, alone on the first line of a quotation. */
const ALERT = /^<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\](?:<br>)?\s*(?:\n|(?=<\/p>))/;

const markdownReader = new Marked({
  gfm: true,
  renderer: {
    blockquote({ tokens }: Tokens.Blockquote): string {
      const body = this.parser.parse(tokens);
      const kind = ALERT.exec(body)?.[1];
      if (kind === undefined) return `<blockquote>\n${body}</blockquote>\n`;
      const title = `${kind.charAt(0)}${kind.slice(1).toLowerCase()}`;
      const text = body.replace(ALERT, '<p>').replace(/^<p><\/p>\n?/, '');
      return `<div class="alert alert-${kind.toLowerCase()}">\n<p class="alert-title">${title}</p>\n${text}</div>\n`;
    },
  },
});

/**
 * A job summary (GitHub-flavoured Markdown) as one HTML page that looks like it does on GitHub, and needs nothing
 * else: no script, no other file. Mermaid charts stay code. HTML in the Markdown is limited as GitHub limits it.
 */
export function summaryPage(markdown: string, { title }: { readonly title: string }): string {
  const body = safeHtml(markdownReader.parse(markdown, { async: false }));
  const name = escapeHtml(title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src https: data:">
<title>${name}</title>
<style>${SUMMARY_STYLE}</style>
</head>
<body>
<div class="summary">
<header><strong>${name}</strong> summary</header>
<main>
${body}</main>
</div>
</body>
</html>
`;
}
