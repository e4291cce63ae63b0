/**
 * Limits HTML to what GitHub shows of it: an allow-list of elements and attributes, as in the last step of
 * github/markup. Everything that comes out was written by this file; what it does not know stays out, or stays text.
 */

const ELEMENTS = new Set(
  (
    'h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p picture ol ul li table thead tbody ' +
    'tfoot tr td th blockquote dl dt dd kbd q samp var hr ruby rt rp s strike summary details caption figure ' +
    'figcaption abbr bdo cite dfn mark small span time wbr input'
  ).split(' '),
);
const VOID_ELEMENTS = new Set(['br', 'hr', 'img', 'wbr', 'input']);
/** Elements whose content is not HTML: they go with all that is in them. */
const OPAQUE_ELEMENTS = new Set(
  'script style iframe textarea title xmp noembed noframes noscript plaintext svg math template'.split(' '),
);
const ATTRIBUTES = new Set(
  'align valign alt title width height colspan rowspan open start reversed dir lang datetime cite scope'.split(
    ' ',
  ),
);
/** The classes that the page's own renderer gives; no others are needed. */
const CLASSES =
  /^(?:language-[\w+#-]+|alert|alert alert-(?:note|tip|important|warning|caution)|alert-title)$/;
const LINK = /^(?:https?:\/\/|mailto:|#|\.?\/(?![/\\]))/i;
const IMAGE = /^(?:https:\/\/|data:image\/(?:png|gif|jpeg|webp);base64,)/i;

const NAME = '[a-zA-Z][a-zA-Z0-9-]*';
const ATTRIBUTE = String.raw`[^\s"'<>\/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>` + '`]+))?';
const PIECES = new RegExp(String.raw`<!--[\s\S]*?-->|<(/?)(${NAME})((?:\s+${ATTRIBUTE})*)\s*/?>|[<>]`, 'g');
const ATTRIBUTE_PARTS = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g;

/** HTML made of allowed elements and attributes only, each element closed. */
export function safeHtml(html: string): string {
  const open: string[] = [];
  let result = '';
  let position = 0;
  for (let piece = nextPiece(html, 0); piece; piece = nextPiece(html, position)) {
    const [text, slash, rawName, attributes = ''] = piece;
    result += html.slice(position, piece.index);
    position = piece.index + text.length;
    if (rawName === undefined) {
      if (!text.startsWith('<!--')) result += text === '<' ? '&lt;' : '&gt;';
      continue;
    }
    const name = rawName.toLowerCase();
    if (slash === '/') result += close(name, open);
    else if (OPAQUE_ELEMENTS.has(name)) position = endOf(name, html, position);
    else if (ELEMENTS.has(name)) result += start(name, attributes, open);
  }
  const rest = html.slice(position);
  return (
    result +
    rest +
    open
      .reverse()
      .map((name) => `</${name}>`)
      .join('')
  );
}

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function nextPiece(html: string, from: number): RegExpExecArray | null {
  PIECES.lastIndex = from;
  return PIECES.exec(html);
}

function start(name: string, text: string, open: string[]): string {
  const given = new Map<string, string>();
  for (const [, key = '', double, single, bare] of text.matchAll(ATTRIBUTE_PARTS)) {
    given.set(key.toLowerCase(), double ?? single ?? bare ?? '');
  }
  if (name === 'input') return checkbox(given);
  if (!VOID_ELEMENTS.has(name)) open.push(name);
  const kept = [...given].filter(([key, value]) => isAllowed(name, key, value));
  const link = name === 'a' ? ' rel="noopener noreferrer nofollow"' : '';
  return `<${name}${kept.map(([key, value]) => ` ${key}="${quoted(value)}"`).join('')}${link}>`;
}

/** A task list's box; a summary has no other input. */
function checkbox(given: ReadonlyMap<string, string>): string {
  if (given.get('type') !== 'checkbox') return '';
  return `<input type="checkbox" disabled${given.has('checked') ? ' checked' : ''}>`;
}

function isAllowed(element: string, attribute: string, value: string): boolean {
  if (attribute === 'href') return element === 'a' && LINK.test(value);
  if (attribute === 'src') return element === 'img' && IMAGE.test(value);
  if (attribute === 'class') return CLASSES.test(value);
  return ATTRIBUTES.has(attribute);
}

/** An attribute's value is kept as it was written, entities and all, but cannot end its quotes. */
function quoted(value: string): string {
  return value.replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Closes the element and those left open inside it; an end without a beginning vanishes. */
function close(name: string, open: string[]): string {
  const depth = open.lastIndexOf(name);
  if (depth === -1) return '';
  return open
    .splice(depth)
    .reverse()
    .map((inner) => `</${inner}>`)
    .join('');
}

/** Where an opaque element ends; without an end it takes all that follows. */
function endOf(name: string, html: string, from: number): number {
  const end = new RegExp(`</${name}\\b[^>]*>`, 'gi');
  end.lastIndex = from;
  return end.exec(html) ? end.lastIndex : html.length;
}
