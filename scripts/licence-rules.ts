// What is asked of the packages in dist/ and of the README's table: pure.
import type { LicensedPackage } from './bundled-licences.ts';

/** Licences (SPDX) under which a package may be passed on inside a bundle that names it and holds its text. */
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

/** What the package says of its licence, or what was read elsewhere. */
export function knownLicence({ name, version, licence }: LicensedPackage): string {
  return LOOKED_UP[`${name} ${version}`] ?? licence;
}

/** `A OR B` is a choice, `A AND B` is both; anything else that is not known is refused. */
function isAllowed(expression: string): boolean {
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  return bare
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => ALLOWED.has(licence.trim())));
}

/**
 * Compares the dependencies with the README's table of them, and with what is in dist/.
 *
 * @param bundled the names of the packages in dist/.
 */
export function readmeFaults(readme: string, manifest: unknown, bundled: ReadonlySet<string>): string[] {
  const dependencies = dependenciesOf(manifest);
  const section = /^## Dependencies\n([^]*?)(?=^## |$(?![^]))/m.exec(readme)?.[1] ?? '';
  const rows = [...section.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)];
  const explained = new Set(rows.filter(([, , why = '']) => why.trim() !== '').map(([, name]) => name));
  return [
    ...dependencies
      .filter((name) => !explained.has(name))
      .map((name) => `README.md: the table of dependencies does not say why ${name} is there.`),
    ...dependencies
      .filter((name) => !bundled.has(name))
      .map((name) => `package.json: ${name} is a dependency, and nothing of it is in dist/.`),
    ...rows
      .map(([, name = '']) => name)
      .filter((name) => !dependencies.includes(name))
      .map((name) => `README.md: the table of dependencies has ${name}, which is none.`),
  ];
}

/** The names of the packages that the action is built from. */
export function dependenciesOf(manifest: unknown): string[] {
  if (typeof manifest !== 'object' || manifest === null || !('dependencies' in manifest)) return [];
  const { dependencies } = manifest;
  return typeof dependencies === 'object' && dependencies !== null ? Object.keys(dependencies) : [];
}
