// Prints the notes of a release from CHANGELOG.md: `node scripts/release-notes.ts v1.2.3`. Needs no dependency.
import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The section of a version in the changelog.
 *
 * @param tag `v` and the version.
 * @throws Error when there is no section or no date, or the version is not that of package.json.
 */
export function releaseNotes(tag: string, changelog: string, packageVersion: string): string {
  const version = tag.replace(/^v/, '');
  if (version !== packageVersion)
    throw new Error(`The tag is ${tag}, and package.json has the version ${packageVersion}.`);
  const sections = [...changelog.matchAll(/^## \[([^\]]+)\] - (.*)\n([^]*?)(?=^## |(?![^]))/gm)];
  const [, , date = '', notes = ''] = sections.find(([, name]) => name === version) ?? [];
  if (notes.trim() === '') throw new Error(`CHANGELOG.md says nothing of ${version}.`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date.trim()))
    throw new Error(`CHANGELOG.md has no date for ${version}, but "${date.trim()}".`);
  return `${notes.trim()}\n`;
}

if (import.meta.main) {
  const read = (file: string): string => readFileSync(path.join(import.meta.dirname, '..', file), 'utf8');
  const manifest: unknown = JSON.parse(read('package.json'));
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  const version = hasVersion ? String(manifest.version) : '';
  process.stdout.write(releaseNotes(process.argv[2] ?? '', read('CHANGELOG.md'), version));
}
