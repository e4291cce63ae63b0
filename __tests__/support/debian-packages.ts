import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readAptSettings } from '../../src/tools/debian/apt-state.ts';

const execute = promisify(execFile);

/**
 * Downloads packages of a Debian release, verified by Debian's own key, into `folder`/packages.
 *
 * apt works in a private state under `folder`; the mirror is the one that the machine's own sources name.
 * It is written apart from the action's own code for this, which the tests are about.
 */
export async function downloadDebianPackages(
  suite: string,
  packages: readonly string[],
  folder: string,
): Promise<string[]> {
  return downloaded(folder, { suite, types: 'deb' }, ['download', ...packages]);
}

/**
 * Downloads the files of a source package of a Debian release, verified in the same way, into `folder`/packages.
 *
 * @throws Error when the machine's mirror does not have them: not every mirror has sources.
 */
export async function downloadDebianSource(
  suite: string,
  sourcePackage: string,
  folder: string,
): Promise<string[]> {
  const words = ['source', '--download-only', '--only-source', sourcePackage];
  return downloaded(folder, { suite, types: 'deb-src' }, words);
}

async function downloaded(
  folder: string,
  from: { readonly suite: string; readonly types: string },
  words: readonly string[],
): Promise<string[]> {
  const target = join(folder, 'packages');
  const folders = ['state', 'lists/partial', 'cache/archives/partial', 'tmp', 'etc/parts', 'packages'];
  await Promise.all(folders.map((name) => mkdir(join(folder, name), { recursive: true })));
  await writeFile(join(folder, 'state/status'), '');
  await writeFile(join(folder, 'apt.conf'), await configuration(folder));
  await writeFile(join(folder, 'debian.sources'), await sourceText(from));
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
    TMPDIR: join(folder, 'tmp'),
    APT_CONFIG: join(folder, 'apt.conf'),
    ...proxies(),
  };
  await execute('apt-get', ['-q', 'update'], { env });
  await execute('apt-get', ['-q', ...words], { env, cwd: target });
  return (await readdir(target)).map((name) => join(target, name));
}

async function configuration(folder: string): Promise<string> {
  const { network } = await readAptSettings(new AbortController().signal);
  return [
    `Dir::State "${folder}/state/";`,
    `Dir::State::status "${folder}/state/status";`,
    `Dir::State::lists "${folder}/lists/";`,
    `Dir::Cache "${folder}/cache/";`,
    'Dir::Etc::main "/dev/null";',
    `Dir::Etc::parts "${folder}/etc/parts";`,
    `Dir::Etc::sourcelist "${folder}/debian.sources";`,
    `Dir::Etc::sourceparts "${folder}/etc/parts";`,
    'APT::Sandbox::User "root";',
    'APT::Update::Error-Mode "any";',
    'Acquire::Languages "none";',
    // The machine's mirror may be a snapshot, which grows old by design.
    'Acquire::Check-Valid-Until "false";',
    'Acquire::Check-Date "false";',
    ...network,
  ].join('\n');
}

async function sourceText({ suite, types }: { suite: string; types: string }): Promise<string> {
  const mirror = await ownDebianMirror();
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const signedBy = existsSync(keyring) ? `Signed-By: ${keyring}\n` : '';
  return `Types: ${types}\nURIs: ${mirror}\nSuites: ${suite}\nComponents: main\n${signedBy}`;
}

/** The Debian mirror that this machine uses. */
export async function ownDebianMirror(): Promise<string> {
  return debianMirror(await ownSources());
}

/** All that the machine's own apt sources say. */
async function ownSources(): Promise<string> {
  const parts = '/etc/apt/sources.list.d';
  const names = existsSync(parts) ? await readdir(parts) : [];
  const files = [
    '/etc/apt/sources.list',
    ...names.filter((name) => /\.(?:list|sources)$/.test(name)).map((name) => join(parts, name)),
  ];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.join('\n\n');
}

/**
 * The Debian mirror that apt sources name, in either form (sources.list(5)): the first address that ends in
 * `/debian`, which debian-security does not.
 */
export function debianMirror(sources: string): string {
  const lines = sources.split('\n').map((line) => line.trim());
  const addresses = lines.flatMap((line) => {
    const fields = /^(?:URIs:|deb\s+(?:\[[^\]]*\])?)\s*(.*)$/i.exec(line)?.[1];
    return fields?.split(/\s+/) ?? [];
  });
  const mirror = addresses.find((address) => /^[a-z+]+:\S*\/debian\/?$/i.test(address));
  if (mirror === undefined)
    throw new Error("The tests take PostgreSQL 17's tools from Debian, and no Debian mirror is in /etc/apt.");
  return mirror;
}

function proxies(): Record<string, string> {
  const found = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => {
    const value = process.env[name] ?? '';
    return value === '' ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}
