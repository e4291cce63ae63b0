// The rules for the packages in dist/ and for the table of dependencies in docs/dependencies.md: pure.
import type { LicensedPackage } from './bundled-licences.ts';

/** Licences (SPDX) that allow a package in a bundle that names it and contains its licence text. */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
]);

/** What package.json does not say, or not as SPDX does, and where it was read instead. */
const LOOKED_UP: Readonly<Record<string, string>> = {
  // "MIT/X11" in its package.json; both are names of one licence.
  'chainsaw 0.1.0': 'MIT',
  // Its README says MIT since a commit after the last release (issues 12 and 14 of substack/node-buffers).
  'buffers 0.1.1': 'MIT',
};

/** What is wrong with the licences of some packages, a sentence each. */
export function licenceFaults(packages: readonly LicensedPackage[]): string[] {
  return packages.flatMap((one) =>
    isAllowed(knownLicence(one))
      ? []
      : [`${one.name} ${one.version} has the licence "${one.licence}", which is not allowed.`],
  );
}

/** The licence that the package declares, or the one that was looked up. */
export function knownLicence({ name, version, licence }: LicensedPackage): string {
  return LOOKED_UP[`${name} ${version}`] ?? licence;
}

/** `A OR B` is a choice, `A AND B` is both; any other expression is refused. */
function isAllowed(expression: string): boolean {
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  return bare
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => ALLOWED.has(licence.trim())));
}

/**
 * Compares the dependencies with the table of them, and with what is in dist/.
 *
 * @param bundled the names of the packages in dist/.
 */
export function dependencyFaults(page: string, manifest: unknown, bundled: ReadonlySet<string>): string[] {
  const dependencies = dependenciesOf(manifest);
  const rows = [...page.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)];
  const explained = new Set(rows.filter(([, , why = '']) => why.trim() !== '').map(([, name]) => name));
  return [
    ...dependencies
      .filter((name) => !explained.has(name))
      .map((name) => `docs/dependencies.md does not give the reason for ${name}.`),
    ...dependencies
      .filter((name) => !bundled.has(name))
      .map((name) => `package.json: ${name} is a dependency, but dist/ contains nothing of it.`),
    ...rows
      .map(([, name = '']) => name)
      .filter((name) => !dependencies.includes(name))
      .map((name) => `docs/dependencies.md lists ${name}, which is not a dependency.`),
  ];
}

/** The names of the packages that the action is built from. */
export function dependenciesOf(manifest: unknown): string[] {
  if (typeof manifest !== 'object' || manifest === null || !('dependencies' in manifest)) return [];
  const { dependencies } = manifest;
  return typeof dependencies === 'object' && dependencies !== null ? Object.keys(dependencies) : [];
}
