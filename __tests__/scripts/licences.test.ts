import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  type LicensedPackage,
  bundledFolders,
  licencesText,
  licensedPackage,
  readLicences,
} from '../../scripts/bundled-licences.ts';
import { dependenciesOf, dependencyFaults, licenceFaults } from '../../scripts/licence-rules.ts';
import { REPOSITORY_ROOT } from '../support/node-program.ts';

const licensed = (licence: string, name = 'a'): LicensedPackage => ({
  name,
  version: '1.0.0',
  licence,
  text: 'As is.',
});

describe('the packages of a bundle', () => {
  it('are those of its modules, joined and nested ones too, without those that were left out', () => {
    const module = (nameForCondition: string | null, more: object = {}) => ({ nameForCondition, ...more });
    const stats = {
      modules: [
        module('/x/build/entries/backup.js', {
          modules: [module('/x/node_modules/joined/a.js'), module('/x/build/backup.js')],
        }),
        module('/x/node_modules/plain/lib/a.js'),
        module('/x/node_modules/plain/lib/b.js'),
        module('/x/node_modules/@scope/outer/node_modules/@scope/inner/c.js'),
        module('/x/node_modules/shaken/d.js', { orphan: true }),
        module(null),
      ],
    };
    expect(bundledFolders(stats)).toEqual([
      '/x/node_modules/@scope/outer/node_modules/@scope/inner',
      '/x/node_modules/joined',
      '/x/node_modules/plain',
    ]);
    expect(bundledFolders({})).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['an expression', { license: 'MIT' }, 'MIT'],
    ['the form of old packages', { license: { type: 'ISC' } }, 'ISC'],
    ['several of these', { licenses: [{ type: 'MIT' }, { type: 'Apache-2.0' }] }, 'MIT OR Apache-2.0'],
    ['nothing', {}, 'unknown'],
  ])('declare their licence as %s', async (_, said, licence) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'package-'));
    try {
      await writeFile(
        path.join(folder, 'package.json'),
        JSON.stringify({ name: 'a', version: '1.0.0', author: 'An Author <a@b>', ...said }),
      );
      await mkdir(path.join(folder, 'lib'));
      const bare = licensedPackage(folder);
      expect(bare.licence).toBe(licence);
      expect(bare.text).toContain('An Author');
      await writeFile(path.join(folder, 'LICENSE-MIT.md'), 'Copyright\r\n(c) me\n');
      await writeFile(path.join(folder, 'license.js'), '');
      expect(licensedPackage(folder).text.trim()).toBe('Copyright\n(c) me');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are read from their list unchanged, whatever the text of a licence contains', () => {
    const one = { ...licensed('MIT'), text: `${'='.repeat(80)}\nb 2.0.0\nNo heading.` };
    const packages = [one, { ...licensed('(MIT OR ISC)', '@s/b'), version: '2.0.0' }];
    const sorted = packages.toReversed();
    expect(readLicences(licencesText(packages))).toEqual(sorted);
    expect(readLicences('')).toEqual([]);
  });
});

describe('a licence', () => {
  it.each(['MIT', 'ISC', 'BSD-3-Clause', '(MIT OR GPL-3.0)', '(Apache-2.0 AND BSD-3-Clause)'])(
    'is allowed: %s',
    (licence) => {
      expect(licenceFaults([licensed(licence)])).toEqual([]);
    },
  );

  it.each(['GPL-3.0', 'MIT AND GPL-3.0', 'unknown', 'SEE LICENSE IN x', 'mit-ish', 'UNLICENSED', ''])(
    'is not allowed: %s',
    (licence) => {
      expect(licenceFaults([licensed(licence)])).toEqual([expect.stringContaining('a 1.0.0')]);
    },
  );
});

describe('the table of dependencies', () => {
  const page = (rows: string) => `# Dependencies\n\nText.\n\n| Package | Why |\n|---|---|\n${rows}\n`;
  const manifest = { dependencies: { ws: '1', '@s/a': '2' } };
  const bundled = new Set(['ws', '@s/a']);
  const whole = '| `ws` | sockets |\n| `@s/a` | because |';

  it('has a reason for every one', () => {
    expect(dependencyFaults(page(whole), manifest, bundled)).toEqual([]);
  });

  it.each([
    ['a missing row', page('| `ws` | sockets |'), /the reason for @s\/a/],
    ['a row without a reason', page('| `ws` | sockets |\n| `@s/a` |  |'), /the reason for @s\/a/],
    ['a row too many', page(`${whole}\n| \`old\` | gone |`), /lists old, which is not a dependency/],
  ])('is faulty with %s', (_, text, fault) => {
    expect(dependencyFaults(text, manifest, bundled)).toEqual([expect.stringMatching(fault)]);
  });

  it('must match the packages in dist/', () => {
    expect(dependencyFaults(page(whole), manifest, new Set(['ws']))).toEqual([
      expect.stringContaining('dist/ contains nothing of it'),
    ]);
  });

  it('of this repository is complete', async () => {
    const read = (file: string) => readFile(path.join(REPOSITORY_ROOT, file), 'utf8');
    const about: unknown = JSON.parse(await read('package.json'));
    const names = dependenciesOf(about);
    expect(names.length).toBeGreaterThan(5);
    expect(dependencyFaults(await read('docs/dependencies.md'), about, new Set(names))).toEqual([]);
  });
});

it('CI installs the versions of the lock file', async () => {
  const ci = await readFile(path.join(REPOSITORY_ROOT, '.ci/run'), 'utf8');
  expect(ci).toMatch(/^npm (?:ci|cit)$/m);
  expect(ci).not.toMatch(/npm (?:install|i|update)\b/);
});
