import { createHash } from 'node:crypto';
import { chown, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DebianRoot, makeDebianRoot, whyNoDebianRoot } from '../support/client-debian-root.ts';
import { type PgdgMirror, startPgdgMirror } from '../support/pgdg-mirror.ts';

const reason = whyNoDebianRoot();
const NOBODY = 65534;

let root: DebianRoot;
let mirror: PgdgMirror;

async function installInside(version: string, user = ''): Promise<Record<string, unknown>> {
  const stdout = await root.node(
    '__tests__/support/client-install-process.ts',
    ['provide', mirror.url, mirror.signingKey, '/srv/work', user, version],
    { HOME: '/srv/work', RUNNER_TOOL_CACHE: '/srv/cache' },
  );
  const answer: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  if (typeof answer !== 'object' || answer === null) throw new Error(`Not an answer: ${stdout}`);
  return { ...answer, said: stdout };
}

async function dpkgStatus(): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(root.folder, 'var/lib/dpkg/status')))
    .digest('hex');
}

if (reason !== undefined) {
  describe('in a minimal Debian (thorough)', () => {
    it.skip(`nothing was tested: ${reason}`, () => undefined);
  });
} else {
  describe('in a minimal Debian (thorough)', () => {
    beforeEach(async () => {
      root = await makeDebianRoot();
      await mkdir(join(root.folder, 'srv/work'));
      await mkdir(join(root.folder, 'srv/cache'));
      // The first time on a machine, the root is made.
    }, 300_000);

    afterEach(async () => {
      await Promise.all([root.remove(), mirror.stop()]);
    });

    it('the tools are installed from PGDG and their libraries from Debian; the second time, all from the tool cache', async () => {
      // As on a machine that has nothing: PGDG's package finds no libreadline there.
      mirror = await startPgdgMirror({ without: 'libreadline' });
      const before = await dpkgStatus();
      const first = await installInside('17');
      expect(first).toMatchObject({ version: mirror.version, origin: 'PGDG', lasting: true });
      expect(first['said']).toContain('Downloading libraries that this machine lacks (libreadline.so.8');
      expect(await installInside('17')).toMatchObject({ version: mirror.version, origin: 'tool cache' });
      expect(await dpkgStatus()).toBe(before);
    });

    it("a user other than root gets the release's own version from Debian if PGDG does not have it", async () => {
      mirror = await startPgdgMirror({ fault: 'package missing' });
      const before = await dpkgStatus();
      for (const name of ['work', 'cache']) await chown(join(root.folder, 'srv', name), NOBODY, NOBODY);
      const major = await releaseMajor();
      const tools = await installInside(major, String(NOBODY));
      expect(tools).toMatchObject({
        user: NOBODY,
        major: Number(major),
        origin: 'apt sources',
        lasting: true,
      });
      expect(tools['said']).toContain(`no package postgresql-client-${major} in `);
      expect(await dpkgStatus()).toBe(before);
    });
  });
}

/** PostgreSQL's version in this release of Debian. */
async function releaseMajor(): Promise<string> {
  const release = await readFile(join(root.folder, 'etc/os-release'), 'utf8');
  if (release.includes('VERSION_CODENAME=bookworm')) return '15';
  if (release.includes('VERSION_CODENAME=trixie')) return '17';
  throw new Error("Add PostgreSQL's version in this release to the test.");
}
