import { afterEach, beforeEach, jest } from '@jest/globals';
import { type InstallFolders, installFolders } from './client-install.ts';
import { type MirrorOptions, type PgdgMirror, startPgdgMirror } from './pgdg-mirror.ts';

/** What the tests of the client tools share: for each test new folders, and what was logged. */
export interface ClientBed {
  readonly folders: InstallFolders;
  /** What went to standard output so far; it is kept from the test's own. */
  readonly logged: string;
  /** Starts a mirror that is stopped with the test. */
  startMirror(options?: MirrorOptions): Promise<PgdgMirror>;
}

/** Call once in a test file. */
export function clientBed(): ClientBed {
  let folders: InstallFolders | undefined;
  let mirrors: PgdgMirror[] = [];
  let logged = '';

  beforeEach(async () => {
    folders = await installFolders();
    mirrors = [];
    logged = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      logged += String(text);
      return true;
    });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(mirrors.map((mirror) => mirror.stop()));
    await folders?.remove();
  });

  return {
    get folders() {
      if (!folders) throw new Error('The folders are made for each test, not for the file.');
      return folders;
    },
    get logged() {
      return logged;
    },
    async startMirror(options = {}) {
      const mirror = await startPgdgMirror(options);
      mirrors.push(mirror);
      return mirror;
    },
  };
}
