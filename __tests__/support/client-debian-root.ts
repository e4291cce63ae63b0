import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { proxySettings } from '../../src/tools/machine.ts';
import { parseOsRelease } from '../../src/tools/debian/os-release.ts';
import { keptFolder } from './build-cache.ts';
import { processor } from './client-tools.ts';
import { downloadDebianPackages, ownDebianMirror } from './debian-packages.ts';
import { REPOSITORY_ROOT } from './node-program.ts';

const execute = promisify(execFile);
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const REPOSITORY_INSIDE = '/srv/repository';

/** A minimal Debian in a folder, thrown away after the test. */
export interface DebianRoot {
  readonly folder: string;
  /** Runs a script of this repository by the runner's Node version inside, with nothing of our environment. */
  readonly node: (script: string, args: readonly string[], env: NodeJS.ProcessEnv) => Promise<string>;
  /** Runs a command line inside, with nothing of our environment but the proxies. */
  readonly shell: (command: string) => Promise<string>;
  readonly remove: () => Promise<void>;
}

/** Why no minimal Debian can be made on this machine; undefined when it can. */
export function whyNoDebianRoot(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can enter another root';
  if (parseOsRelease(readOsRelease()).id !== 'debian' || !existsSync(KEYRING)) return 'this is not Debian';
  const needed = ['chroot', 'unshare', 'mount', 'wget', 'tar', 'perl'];
  const missing = needed.find(
    (name) => !['/usr/sbin', '/usr/bin'].some((bin) => existsSync(join(bin, name))),
  );
  if (missing !== undefined) return `${missing} is not here`;
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'this container may not mount anything';
  }
}

/**
 * Makes a minimal Debian of this machine's release, as debootstrap's variant `minbase` is: dpkg, apt and what they
 * need. Fetched and verified once (about 30 s), then kept as an archive.
 *
 * debootstrap itself is fetched as a package and run from where it is unpacked: nothing is installed.
 */
export async function makeDebianRoot(): Promise<DebianRoot> {
  const { codename } = parseOsRelease(readOsRelease());
  const kept = await keptFolder(`debian-root-1-${codename}-${processor().debian}`, async (target) => {
    const work = join(target, 'work');
    await mkdir(work);
    try {
      await bootstrap(codename, work, join(target, 'root.tar'));
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
  const folder = await mkdtemp(join(tmpdir(), 'debian-root-'));
  try {
    await execute('tar', ['-x', '--numeric-owner', '-f', join(kept, 'root.tar'), '-C', folder]);
    await mkdir(join(folder, REPOSITORY_INSIDE), { recursive: true });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const inside = (command: readonly string[], env: NodeJS.ProcessEnv): Promise<string> =>
    runInside(folder, command, env);
  return {
    folder,
    node: (script, args, env) =>
      inside(
        [`${REPOSITORY_INSIDE}/node_modules/node/bin/node`, `${REPOSITORY_INSIDE}/${script}`, ...args],
        env,
      ),
    shell: (command) =>
      inside(['/bin/sh', '-ec', command], {
        DEBIAN_FRONTEND: 'noninteractive',
        LC_ALL: 'C',
        ...proxySettings(process.env),
      }),
    async remove() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a command in the root; what is mounted for it is seen by this command alone, and gone with it. */
async function runInside(
  folder: string,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const enter = `mount --bind "$0" "$1${REPOSITORY_INSIDE}" && mount -t proc proc "$1/proc" && exec chroot "$@"`;
  const { stdout } = await execute(
    'unshare',
    ['--mount', '/bin/sh', '-c', enter, REPOSITORY_ROOT, folder, ...command],
    { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env } },
  );
  return stdout;
}

async function bootstrap(codename: string, work: string, archive: string): Promise<void> {
  const unpacked = join(work, 'debootstrap');
  const root = join(work, 'root');
  await mkdir(unpacked);
  for (const file of await downloadDebianPackages(codename, ['debootstrap'], join(work, 'apt')))
    await execute('dpkg-deb', ['--extract', file, unpacked]);
  await execute(
    '/bin/sh',
    [
      join(unpacked, 'usr/sbin/debootstrap'),
      '--variant=minbase',
      `--keyring=${KEYRING}`,
      codename,
      root,
      await ownDebianMirror(),
    ],
    {
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        DEBOOTSTRAP_DIR: join(unpacked, 'usr/share/debootstrap'),
        ...proxySettings(process.env),
      },
      maxBuffer: 16 * 1024 * 1024,
    },
  ).catch(async (error: unknown) => {
    const log = await readFile(join(root, 'debootstrap/debootstrap.log'), 'utf8').catch(() => '');
    throw new Error(`debootstrap failed: ${log.slice(-2000)}`, { cause: error });
  });
  const superfluous = [
    './var/cache/apt/*',
    './var/lib/apt/lists/*',
    './usr/share/doc/*',
    './usr/share/locale/*',
  ];
  const excluded = superfluous.map((pattern) => `--exclude=${pattern}`);
  await execute('tar', ['-c', '--numeric-owner', ...excluded, '-f', archive, '-C', root, '.']);
}

function readOsRelease(): string {
  return existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
}
