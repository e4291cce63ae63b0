/** The look of a job summary on GitHub, in light and in dark. */
export const SUMMARY_STYLE = `
:root {
  color-scheme: light dark;
  --text: #1f2328; --muted: #59636e; --page: #f6f8fa; --paper: #ffffff; --line: #d1d9e0; --line-soft: #d1d9e0b3;
  --link: #0969da; --code: #818b981f; --block: #f6f8fa; --stripe: #f6f8fa;
  --note: #0969da; --tip: #1a7f37; --important: #8250df; --warning: #9a6700; --caution: #d1242f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #f0f6fc; --muted: #9198a1; --page: #010409; --paper: #0d1117; --line: #3d444d; --line-soft: #3d444db3;
    --link: #4493f8; --code: #656c7633; --block: #151b23; --stripe: #151b23;
    --note: #4493f8; --tip: #3fb950; --important: #ab7df8; --warning: #d29922; --caution: #f85149;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 24px 16px 48px; background: var(--page); color: var(--text);
  font: 14px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif;
}
.summary { max-width: 980px; margin: 0 auto; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; }
.summary > header { padding: 16px 16px 0; color: var(--muted); font-size: 12px; }
.summary > header strong { color: var(--text); font-weight: 600; }
.summary > main { padding: 16px; overflow-wrap: break-word; }
.summary > main > :first-child { margin-top: 0; }
.summary > main > :last-child { margin-bottom: 0; }
h1, h2, h3, h4, h5, h6 { margin: 24px 0 16px; font-weight: 600; line-height: 1.25; }
h1 { font-size: 2em; } h2 { font-size: 1.5em; } h3 { font-size: 1.25em; } h4 { font-size: 1em; }
h5 { font-size: .875em; } h6 { font-size: .85em; color: var(--muted); }
h1, h2 { padding-bottom: .3em; border-bottom: 1px solid var(--line-soft); }
p, ul, ol, dl, table, blockquote, details, pre, .alert { margin: 0 0 16px; }
ul, ol { padding-left: 2em; }
li + li { margin-top: .25em; }
li:has(> input) { list-style: none; }
li > input[type=checkbox] { margin: 0 .35em .25em -1.4em; vertical-align: middle; }
a { color: var(--link); text-underline-offset: .2rem; }
hr { height: 4px; margin: 24px 0; border: 0; background: var(--line); }
img { max-width: 100%; }
table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 13px; border: 1px solid var(--line); }
th { font-weight: 600; }
tr { background: var(--paper); border-top: 1px solid var(--line-soft); }
tbody tr:nth-child(2n) { background: var(--stripe); }
code, kbd, samp, tt, pre { font: 85%/1.45 ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
code, tt, samp { padding: .2em .4em; border-radius: 6px; background: var(--code); white-space: break-spaces; }
pre { padding: 16px; overflow: auto; border-radius: 6px; background: var(--block); }
pre code { padding: 0; background: none; font-size: 100%; white-space: pre; }
pre:has(> code.language-mermaid)::before { content: "Chart (GitHub draws it)"; display: block; margin-bottom: 8px; color: var(--muted); }
kbd { padding: 4px 5px; border: 1px solid var(--line); border-radius: 6px; background: var(--block); }
blockquote, .alert { padding: 0 1em; border-left: .25em solid var(--line); color: var(--muted); }
blockquote > :last-child, .alert > :last-child, li > p:last-child { margin-bottom: 0; }
.alert { padding: 8px 16px; border-color: var(--tone); color: inherit; }
.alert-title { color: var(--tone); font-weight: 600; margin-bottom: 8px; }
.alert-note { --tone: var(--note); } .alert-tip { --tone: var(--tip); } .alert-important { --tone: var(--important); }
.alert-warning { --tone: var(--warning); } .alert-caution { --tone: var(--caution); }
summary { cursor: pointer; }
details[open] > summary { margin-bottom: 8px; }
`;
