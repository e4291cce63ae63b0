import { UserError } from '../../errors.ts';

const PGDG = 'apt.postgresql.org/pub/repos/apt';

/** Where the packages come from. */
export interface Mirror {
  /** The base URL, without a trailing slash. */
  readonly url: string;
  /** The URL for messages: without user name and password. */
  readonly label: string;
  /** Whether the `apt-mirror` input set it. */
  readonly custom: boolean;
}

/**
 * PGDG's own address.
 *
 * The packages are verified by their signature, however they were downloaded; https only hides
 * what is downloaded, and a slim image has no CA certificates to check a server with.
 */
export function pgdgMirror(hasCertificates: boolean): Mirror {
  const url = `${hasCertificates ? 'https' : 'http'}://${PGDG}`;
  return { url, label: url, custom: false };
}

/**
 * Reads the `apt-mirror` input: the URL under which `dists/` and `pool/` are.
 *
 * @throws UserError when it is not an http, https or file URL.
 */
export function parseMirror(value: string): Mirror {
  const text = value.trim();
  const url = URL.canParse(text) && !/\s/.test(text) ? new URL(text) : undefined;
  const problem = mirrorProblem(url);
  if (!url || problem !== undefined) {
    throw new UserError(
      'invalid-input',
      `apt-mirror is ${problem ?? 'not a URL'}.`,
      'Write the address under which dists/ and pool/ are, for example https://mirror.example.com/pgdg or file:///srv/pgdg.',
    );
  }
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return { url: withoutSlash(url.href), label: withoutSlash(shown.href), custom: true };
}

function mirrorProblem(url: URL | undefined): string | undefined {
  if (!url) return 'not a URL';
  if (!['http:', 'https:', 'file:'].includes(url.protocol))
    return `a ${url.protocol}// URL, but must be http, https or file`;
  if (url.search !== '' || url.hash !== '')
    return 'a URL with a query or fragment, which apt does not support';
  if (url.protocol === 'file:' && url.host !== '') return 'a file URL with a host name';
  return undefined;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
