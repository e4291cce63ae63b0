import { existsSync, readdirSync, symlinkSync, watch } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type SeenFile, watchWorkFolder } from '../support/secret-audit.ts';
import { fillShop } from '../support/shop.ts';
import { type TestBed, expectSuccess, startTestBed } from '../support/test-bed.ts';

const PASSPHRASE = 'correct-horse-battery-staple';

let bed: TestBed;
let url: string;
let folder: string;
let temp: string;
let victim: string;
let runs = 0;
beforeAll(async () => {
  bed = await startTestBed();
  url = await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop', scale: 0.5 });
  // Fills the tool cache, so that the packages are in no work folder that is looked at.
  await bed.backup({ inputs: { 'connection-string': url, 'backup-name': 'first' } });
});
afterAll(() => bed.stop());
beforeEach(async () => {
  runs += 1;
  folder = await mkdtemp(path.join(tmpdir(), 'secrecy-'));
  temp = path.join(folder, 'temp');
  victim = path.join(folder, 'victim');
  await mkdir(temp);
  await writeFile(victim, 'precious');
});
afterEach(() => rm(folder, { recursive: true }));

const inputs = (more: Record<string, string> = {}) => ({
  'connection-string': url,
  'backup-name': `b${runs}`,
  ...more,
});

function expectPrivate(seen: readonly SeenFile[], expected: readonly RegExp[]): void {
  const open = seen.filter(({ mode, isFolder }) => mode !== (isFolder ? 0o700 : 0o600));
  expect(open).toEqual([]);
  const names = seen.map(({ name }) => name);
  for (const name of ['.', ...expected]) {
    expect(names).toContainEqual(typeof name === 'string' ? name : expect.stringMatching(name));
  }
}

describe('while an action runs, only its user can read the files that it writes', () => {
  it('in a backup, an encrypted one, and a restore', async () => {
    const files = watchWorkFolder(temp);
    expectSuccess(await bed.backup({ inputs: inputs(), temp }));
    const seen = files.stop();
    expectPrivate(seen, [/^connection-string$/]);
    // No byte of the archive is written to the disk; its record is.
    const names = seen.map(({ name }) => name);
    expect(names).not.toContainEqual(expect.stringMatching(/^archive$|\.bak(?!\.json$)/));

    const sealed = watchWorkFolder(temp);
    const seal = { 'age-passphrase': PASSPHRASE, 'backup-name': `sealed${runs}` };
    expectSuccess(await bed.backup({ inputs: inputs(seal), secrets: [PASSPHRASE], temp }));
    expectPrivate(sealed.stop(), [/^connection-string$/]);

    const restored = watchWorkFolder(temp);
    const target = await bed.database.createDatabase(`target${runs}`);
    const restore = { 'connection-string': target, 'backup-name': `sealed${runs}` };
    const run = await bed.restore({
      inputs: { ...restore, 'age-passphrase': PASSPHRASE },
      secrets: [PASSPHRASE],
      temp,
    });
    expectSuccess(run);
    expectPrivate(restored.stop(), [/^downloaded$/, /^archive$/, /\.list$/]);
    expect(readdirSync(temp).filter((name) => name.startsWith('postgres-backup-'))).toEqual([]);
  });

  it('whatever the umask of the runner (thorough)', async () => {
    const before = process.umask(0);
    const files = watchWorkFolder(temp);
    try {
      expectSuccess(await bed.backup({ inputs: inputs({ storage: `${folder}/kept/` }), temp }));
    } finally {
      process.umask(before);
    }
    expectPrivate(files.stop(), [/^connection-string$/]);
    const kept = await readdir(path.join(folder, 'kept'));
    expect(kept).toHaveLength(2);
    for (const name of kept) expect((await stat(path.join(folder, 'kept', name))).mode & 0o777).toBe(0o600);
  });
});

describe('a symbolic link (thorough)', () => {
  /** Puts links into the work folder as soon as it is there. */
  const plant = (names: readonly string[]): { stop(): number } => {
    let planted = 0;
    const watcher = watch(temp, (_, name) => {
      if (name?.startsWith('postgres-backup-') !== true) return;
      for (const link of names) {
        try {
          symlinkSync(victim, path.join(temp, name, link));
          planted += 1;
        } catch {
          // The action was faster, or the folder has gone.
        }
      }
    });
    return {
      stop() {
        watcher.close();
        return planted;
      },
    };
  };

  it.each(['archive', 'downloaded', 'children'])(
    'as %s in the work folder is not written through',
    async (name) => {
      const planted = plant([name]);
      const run = await bed.backup({ inputs: inputs(), temp });
      const target = await bed.database.createDatabase(`planted${runs}`);
      const back = await bed.restore({ inputs: { 'connection-string': target }, temp });
      expect(planted.stop()).toBe(2);
      expect(await readFile(victim, 'utf8')).toBe('precious');
      expect([run.leftFiles, back.leftFiles]).toEqual([[], []]);
    },
  );

  it('with the name of the work folder is not followed by the cleanup', async () => {
    const precious = path.join(folder, 'precious');
    await mkdir(precious);
    await writeFile(path.join(precious, 'file'), 'precious');
    const run = await bed.backup({
      inputs: inputs(),
      temp,
      onLine: (line) => {
        if (!line.startsWith('Dumping')) return;
        for (const name of readdirSync(temp))
          if (name.startsWith('postgres-backup-')) symlinkSync(precious, path.join(temp, name, 'link'));
      },
    });
    expectSuccess(run);
    expect(existsSync(path.join(precious, 'file'))).toBe(true);
  });

  it('that the user made inside the workspace, as the folder of storage, is followed', async () => {
    await mkdir(path.join(folder, 'elsewhere'));
    await chmod(path.join(folder, 'elsewhere'), 0o755);
    await symlink('elsewhere', path.join(folder, 'backups'));
    const run = await bed.backup({ inputs: inputs({ storage: path.join(folder, 'backups/') }), temp });
    expect(run.exitCode).toBe(0);
    expect(await readlink(path.join(folder, 'backups'))).toBe('elsewhere');
    expect(readdirSync(path.join(folder, 'elsewhere'))).toHaveLength(2);
  });
});
