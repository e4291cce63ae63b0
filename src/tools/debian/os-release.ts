/** The parts of /etc/os-release that are used here (os-release(5)). */
export interface OsRelease {
  readonly id: string;
  readonly idLike: readonly string[];
  readonly name: string;
  /** VERSION_ID: `12`, `24.04`, `9.5`. */
  readonly versionId: string;
  /** VERSION_CODENAME, and for derived distributions the release that they are based on. */
  readonly codename: string;
  readonly ubuntuCodename: string;
  readonly debianCodename: string;
}

/** A release of Debian or Ubuntu, or of a distribution that is based on one. */
export interface DebianRelease {
  /** The code name that PGDG uses: `bookworm`, `noble`. */
  readonly codename: string;
  /** For messages: `Debian GNU/Linux 12 (bookworm)`. */
  readonly name: string;
}

/** Reads /etc/os-release; an empty text gives empty fields. */
export function parseOsRelease(text: string): OsRelease {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, unquote(value));
  }
  const field = (key: string): string => fields.get(key) ?? '';
  return {
    id: field('ID'),
    idLike: field('ID_LIKE').split(/\s+/).filter(Boolean),
    name: field('PRETTY_NAME') || field('NAME'),
    versionId: field('VERSION_ID'),
    codename: field('VERSION_CODENAME'),
    ubuntuCodename: field('UBUNTU_CODENAME'),
    debianCodename: field('DEBIAN_CODENAME'),
  };
}

/** Whether this is Debian, Ubuntu or a distribution that is based on one of them. */
export function isDebianFamily(os: OsRelease): boolean {
  return [os.id, ...os.idLike].some((name) => name === 'debian' || name === 'ubuntu');
}

/** The release of Debian or Ubuntu whose packages work on this system; `undefined` when it is neither, or unknown. */
export function debianRelease(os: OsRelease): DebianRelease | undefined {
  if (!isDebianFamily(os)) return undefined;
  const codename = os.ubuntuCodename || os.debianCodename || os.codename;
  if (!/^[a-z][a-z0-9-]*$/.test(codename)) return undefined;
  return { codename, name: os.name || codename };
}

function unquote(value: string): string {
  const [, quote, inner] = /^(["'])(.*)\1$/.exec(value) ?? [];
  if (inner === undefined) return value;
  return quote === '"' ? inner.replace(/\\(["$`\\])/g, '$1') : inner;
}
