// The packages that are inside a bundle, and their licences. ncc's own list (`--license`) forgets all chunks but one.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** A package with what its authors ask of those who pass it on. */
export interface LicensedPackage {
  readonly name: string;
  readonly version: string;
  /** As an SPDX expression; `unknown` when the package does not say. */
  readonly licence: string;
  /** The texts of its licence files, or whose it is when it has none. */
  readonly text: string;
}

const LICENCE_FILE = /^(?:licen[cs]e|notice|copying)(?:[-.].*)?$/i;
const PACKAGE_FOLDER = /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/;
const RULE = '='.repeat(80);
const HEADING = new RegExp(`^${RULE}\n(\\S+) (\\S+)\nLicence: (.+)\n`, 'gm');

/**
 * The folders of the packages of which something is in a bundle, sorted.
 *
 * @param stats webpack's, as `ncc --stats-out` writes them. Modules that were joined into one are listed below it.
 */
export function bundledFolders(stats: unknown): string[] {
  const folders = new Set<string>();
  for (const file of moduleFiles(stats)) {
    const folder = PACKAGE_FOLDER.exec(file)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  return [...folders].sort();
}

/** @throws Error when the folder contains no package. */
export function licensedPackage(folder: string): LicensedPackage {
  const about: unknown = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .sort()
    .map((file) => readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  return {
    name: textOf(about, 'name'),
    version: textOf(about, 'version'),
    licence: licenceOf(about),
    text:
      texts.length > 0
        ? texts.join('\n\n')
        : `The package contains no text of its licence. ${authorOf(about)}`,
  };
}

/** The content of `licenses.txt`. */
export function licencesText(packages: readonly LicensedPackage[]): string {
  return packages
    .toSorted((a, b) => compare(a.name, b.name) || compare(a.version, b.version))
    .map(
      ({ name, version, licence, text }) => `${RULE}\n${name} ${version}\nLicence: ${licence}\n\n${text}\n`,
    )
    .join('\n');
}

/** Reads what `licencesText` has written. */
export function readLicences(content: string): LicensedPackage[] {
  const headings = [...content.matchAll(HEADING)];
  return headings.map((heading, index) => {
    const [all, name = '', version = '', licence = ''] = heading;
    const text = content.slice(heading.index + all.length, headings[index + 1]?.index);
    return { name, version, licence, text: text.trim() };
  });
}

function authorOf(about: unknown): string {
  const author = textOf(about, 'author') || textOf(valueOf(about, 'author'), 'name');
  return author === '' ? '' : `It is by ${author}.`;
}

function licenceOf(about: unknown): string {
  const said = textOf(about, 'license') || textOf(valueOf(about, 'license'), 'type');
  if (said !== '') return said;
  // The form of packages from before 2014.
  const several = valueOf(about, 'licenses');
  const types = Array.isArray(several) ? several.map((one) => textOf(one, 'type')).filter(Boolean) : [];
  return types.length > 0 ? types.join(' OR ') : 'unknown';
}

/** Orphans were found and left out, or are listed again below the module that they were joined into. */
function moduleFiles(stats: unknown): string[] {
  const modules = valueOf(stats, 'modules');
  if (!Array.isArray(modules)) return [];
  return modules
    .filter((module) => valueOf(module, 'orphan') !== true)
    .flatMap((module) => [textOf(module, 'nameForCondition'), ...moduleFiles(module)]);
}

function textOf(object: unknown, key: string): string {
  const value = valueOf(object, key);
  return typeof value === 'string' ? value : '';
}

function valueOf(object: unknown, key: string): unknown {
  return typeof object === 'object' && object !== null
    ? Object.getOwnPropertyDescriptor(object, key)?.value
    : undefined;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
