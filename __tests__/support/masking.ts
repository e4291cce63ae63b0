/** Hides secrets in text the way the runner does (actions/runner, `SecretMasker.cs` and `ValueEncoders.cs`). */
export interface Masker {
  /** From now on the value, its lines, and the usual encodings of each are hidden. */
  readonly add: (value: string) => void;
  /** The text with every known secret replaced by `***`; touching or overlapping ones by a single `***`. */
  readonly mask: (text: string) => string;
}

/** A masker that knows no secrets yet. */
export function createMasker(): Masker {
  const needles = new Set<string>();
  return {
    add(value) {
      const lines = value.split(/[\r\n]+/).map((line) => line.trim());
      for (const secret of [value, ...lines]) {
        if (secret.trim() === '') continue;
        for (const needle of [secret, ...encodings(secret)]) if (needle !== '') needles.add(needle);
      }
    },
    mask(text) {
      const ranges = [...needles]
        .flatMap((needle) => positions(text, needle))
        .sort((a, b) => a.start - b.start);
      let masked = '';
      let end = 0;
      let covered = -1;
      for (const range of ranges) {
        if (range.start > covered) masked += `${text.slice(end, range.start)}***`;
        covered = Math.max(covered, range.end);
        end = covered;
      }
      return masked + text.slice(end);
    },
  };
}

/** Every place where `needle` stands, overlapping ones too. */
function positions(text: string, needle: string): { start: number; end: number }[] {
  const found = [];
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
    found.push({ start: at, end: at + needle.length });
  }
  return found;
}

function encodings(value: string): string[] {
  const bytes = Buffer.from(value);
  const shifted = [1, 2].filter((shift) => bytes.length > shift).map((shift) => bytes.subarray(shift));
  return [
    ...[bytes, ...shifted].map((part) => part.toString('base64')),
    value.replaceAll('"', '\\"'),
    value.replaceAll("'", "''"),
    JSON.stringify(value).slice(1, -1),
    percentEncoded(value),
    value.replace(/[<>"'&]/g, (character) => XML_ENTITIES[character] ?? character),
    value.length > 8 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : '',
    ...aroundAmpersand(value).filter((part) => part.length >= 6),
  ];
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '&': '&amp;',
};

/** Everything but letters, digits and `-._~` as `%XX`, as .NET's `Uri.EscapeDataString` writes it. */
export function percentEncoded(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** PowerShell prints the parts of a command before and after an ampersand on their own. */
function aroundAmpersand(value: string): string[] {
  const coloured = value.indexOf('&+');
  if (coloured >= 0) return [value.slice(0, coloured + 2), value.slice(coloured + 3)];
  const last = value.lastIndexOf('&');
  return last < 0 ? [] : [value.slice(0, last + 1), value.slice(last + 1)];
}
