import { chmodSync, existsSync, lchownSync, lstatSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The user that runs the server: PostgreSQL refuses to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Who has to run the server when we are root: `nobody`. Undefined when we are an ordinary user, who can. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  if (uid === undefined || gid === undefined) {
    throw new Error(
      'The test database cannot run as root, and this machine has no user `nobody` to run it as.',
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** The longest path of a folder under which `<folder>/socket/.s.PGSQL.65535` is still a legal socket (107 bytes). */
const LONGEST_PATH = 60;

/**
 * A folder for temporary files that the server's user can reach, with a path short enough for sockets:
 * the system's own, or `/tmp` where TMPDIR is private or long.
 */
export function temporaryFolder(user: ServerUser | undefined): string {
  const fits = [tmpdir(), '/tmp', '/var/tmp'].filter(
    (folder) => folder.length <= LONGEST_PATH && existsSync(folder),
  );
  const found = fits.find((folder) => user === undefined || isOpenToOthers(folder));
  if (found === undefined)
    throw new Error('The test database found no temporary folder that its user may enter.');
  return found;
}

function isOpenToOthers(folder: string): boolean {
  const open = (statSync(folder).mode & 0o001) !== 0;
  return open && (dirname(folder) === folder || isOpenToOthers(dirname(folder)));
}

/** Gives a folder and all that is in it to a user; root only. */
export function changeOwner(folder: string, { uid, gid }: ServerUser): void {
  for (const entry of ['', ...readdirSync(folder, { encoding: 'utf8', recursive: true })]) {
    lchownSync(join(folder, entry), uid, gid);
  }
}

/** Lets every user read what is in a folder. */
export function openForReading(folder: string): void {
  for (const entry of ['', ...readdirSync(folder, { encoding: 'utf8', recursive: true })]) {
    const path = join(folder, entry);
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) continue;
    chmodSync(path, stats.isDirectory() || (stats.mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}
