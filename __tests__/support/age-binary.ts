import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { keptFolder } from './build-cache.ts';
import { processor } from './client-tools.ts';
import { downloadDebianPackages } from './debian-packages.ts';

const execute = promisify(execFile);

/** The reference implementation of the age format, as Debian 12 ships it. */
export interface AgeBinary {
  readonly age: string;
  readonly ageKeygen: string;
}

/** Debian 12's package `age`; it needs the C library at most. Fetched once (about 2 s), then kept; nothing is installed. */
export async function ageBinary(): Promise<AgeBinary> {
  const folder = await keptFolder(`age-1-${processor().debian}`, async (kept) => {
    const work = join(kept, 'work');
    await mkdir(work);
    const packages = await downloadDebianPackages('bookworm', ['age'], work);
    for (const file of packages) await execute('dpkg-deb', ['--extract', file, work]);
    for (const name of ['age', 'age-keygen']) await copyFile(join(work, 'usr/bin', name), join(kept, name));
    await rm(work, { recursive: true });
    await execute(join(kept, 'age'), ['--version'], { env: {} });
  });
  return { age: join(folder, 'age'), ageKeygen: join(folder, 'age-keygen') };
}

/**
 * Runs `age` where it asks for a passphrase, which it reads from a terminal only: `script` (of Debian's essential
 * package bsdutils) gives it one. The passphrase is typed whenever it is asked for.
 *
 * @throws with what stood on the terminal when `age` fails.
 */
export async function ageWithPassphrase(args: readonly string[], passphrase: string): Promise<void> {
  const { age } = await ageBinary();
  const command = [age, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { PATH: '/usr/bin:/bin', SHELL: '/bin/sh', TERM: 'dumb' },
  });
  let screen = '';
  let answered = 0;
  const look = (chunk: Buffer): void => {
    screen += chunk.toString();
    const asked = screen.match(/(?:Enter|Confirm) passphrase[^:]*: /g)?.length ?? 0;
    for (; answered < asked; answered++) child.stdin.write(`${passphrase}\n`);
  };
  child.stdout.on('data', look);
  child.stderr.on('data', look);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (exitCode !== 0) throw new Error(`age ended with ${String(exitCode)}: ${screen}`);
}
