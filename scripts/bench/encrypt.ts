import { execFile } from 'node:child_process';
import { rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { ageBinary } from '../../__tests__/support/age-binary.ts';
import { startBackupBed } from './backup-bed.ts';
import { median, printFigures, timed } from './figures.ts';

const execute = promisify(execFile);
const DUMPS = 3;
const ROUNDS_PER_DUMP = 5;

interface Round {
  readonly dump: number;
  readonly encrypt: number;
  readonly decrypt: number;
  readonly ageEncrypt: number;
  readonly ageDecrypt: number;
  /** By how much the peak of node's memory grew. */
  readonly megabytes: number;
}

/** The encryption of the archive of a database of 650 MB, against its dump and against Debian's `age`, side by side. */
export async function benchEncrypt(): Promise<void> {
  await using bed = await startBackupBed(650);
  const archive = path.join(bed.folder, 'archive');
  const identity = await generateX25519Identity();
  await writeFile(path.join(bed.folder, 'identity'), identity, { mode: 0o600 });
  const rounds: Round[] = [];
  for (let turn = 1; turn <= DUMPS; turn++) {
    console.log(`Dump ${turn} of ${DUMPS}, encrypted ${ROUNDS_PER_DUMP} times …`);
    await rm(archive, { force: true });
    const dump = await timed(() => bed.bareDump(archive, '-Z', 'zstd:3'));
    for (let round = 1; round <= ROUNDS_PER_DUMP; round++) {
      rounds.push({ dump, ...(await measure(bed.folder, archive, identity, round)) });
    }
  }
  const of = (value: (round: Round) => number): number => median(rounds.map(value));
  const { size } = await stat(archive);
  console.log(
    `\nMilliseconds: dump ${Math.round(of((r) => r.dump))}, encrypt ${Math.round(of((r) => r.encrypt))}, ` +
      `age ${Math.round(of((r) => r.ageEncrypt))}, ` +
      `decrypt ${Math.round(of((r) => r.decrypt))}, age -d ${Math.round(of((r) => r.ageDecrypt))}`,
  );
  printFigures(
    `Encryption of an archive of ${Math.round(size / 1e6)} MB, medians of ${rounds.length} rounds`,
    [
      { name: 'encrypt and verify / age', value: of((r) => r.encrypt / r.ageEncrypt), unit: 'x' },
      { name: 'encrypt and verify / dump', value: of((r) => r.encrypt / r.dump), unit: 'x', atMost: 0.1 },
      // Beside what age -d does, this takes the SHA-256 of the content.
      { name: 'decrypt / age -d', value: of((r) => r.decrypt / r.ageDecrypt), unit: 'x', atMost: 1.5 },
      { name: 'memory of node beside start-up', value: of((r) => r.megabytes), unit: 'MB', atMost: 32 },
    ],
  );
}

/** `age` stands before and after the action's own code in turn, so that a machine that slows down favours neither. */
async function measure(folder: string, archive: string, identity: string, round: number) {
  const before = round % 2 === 1 ? await ageRound(folder, archive, identity) : undefined;
  const own = await ownRound(archive, identity);
  return { ...own, ...(before ?? (await ageRound(folder, archive, identity))) };
}

async function ownRound(archive: string, identity: string) {
  const script = path.join(import.meta.dirname, 'encrypt-once.ts');
  const { stdout } = await execute(process.execPath, [script, archive, identity], {
    env: {},
  });
  const found: unknown = JSON.parse(stdout);
  if (typeof found !== 'object' || found === null) throw new Error(`No figures: ${stdout}`);
  const figures = new Map(Object.entries(found).map(([name, value]) => [name, Number(value)]));
  const figure = (name: string): number => figures.get(name) ?? Number.NaN;
  return {
    encrypt: figure('encrypt'),
    decrypt: figure('decrypt'),
    megabytes: figure('megabytes'),
  };
}

async function ageRound(folder: string, archive: string, identity: string) {
  const { age } = await ageBinary();
  const [encrypted, content] = [path.join(folder, 'by-age.age'), path.join(folder, 'by-age')];
  const recipient = await identityToRecipient(identity);
  const identityFile = path.join(folder, 'identity');
  const ageEncrypt = await timed(() =>
    execute(age, ['-r', recipient, '-o', encrypted, archive], { env: {} }),
  );
  const ageDecrypt = await timed(() =>
    execute(age, ['-d', '-i', identityFile, '-o', content, encrypted], { env: {} }),
  );
  await Promise.all([rm(encrypted), rm(content)]);
  return { ageEncrypt, ageDecrypt };
}
