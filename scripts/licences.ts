// Fails when dist/ contains a package whose licence is missing or not allowed, or when a dependency is not in docs/dependencies.md.
// With --list, it prints all packages.
// `check:dist` checks that the lists in dist/ are complete: the build takes them from the bundler.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readLicences } from './bundled-licences.ts';
import { dependencyFaults, knownLicence, licenceFaults } from './licence-rules.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const lists = globSync('dist/*/licenses.txt', { cwd: root }).sort();
const packages = lists.map((file) => ({ file, found: readLicences(read(file)) }));
const names = new Set(packages.flatMap(({ found }) => found.map(({ name }) => name)));
const faults = [
  ...(lists.length === 0 ? ['There is no dist/*/licenses.txt: run "npm run build".'] : []),
  ...packages.flatMap(({ file, found }) =>
    found.length === 0
      ? [`${file} lists no package: run "npm run build".`]
      : licenceFaults(found).map((fault) => `${file}: ${fault}`),
  ),
  ...dependencyFaults(read('docs/dependencies.md'), JSON.parse(read('package.json')), names),
];
const all = unique(packages.flatMap(({ found }) => found));
if (process.argv.includes('--list'))
  for (const { name, version, licence } of all) console.log(`${name} ${version}: ${licence}`);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`Every licence in dist/ is allowed: ${summary(all.map(knownLicence))}.`);

/** `120 packages (100 MIT, 20 ISC)`. */
function summary(licences: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const licence of licences) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const byCount = [...counts].sort(([, one], [, other]) => other - one);
  return `${licences.length} packages (${byCount.map(([licence, number]) => `${number} ${licence}`).join(', ')})`;
}

function unique<T extends { name: string; version: string }>(all: readonly T[]): T[] {
  const byName = new Map(all.map((one) => [`${one.name} ${one.version}`, one]));
  return [...byName.keys()].sort().flatMap((key) => byName.get(key) ?? []);
}
