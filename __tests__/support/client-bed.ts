import { afterEach, beforeEach } from '@jest/globals';
import { captureOutput } from './captured-output.ts';
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
  const output = captureOutput();

  beforeEach(async () => {
    folders = await installFolders();
    mirrors = [];
  });

  afterEach(async () => {
    await Promise.all(mirrors.map((mirror) => mirror.stop()));
    await folders?.remove();
  });

  return {
    get folders() {
      if (!folders) throw new Error('The folders are made for each test, not for the file.');
      return folders;
    },
    get logged() {
      return output.text;
    },
    async startMirror(options = {}) {
      const mirror = await startPgdgMirror(options);
      mirrors.push(mirror);
      return mirror;
    },
  };
}
