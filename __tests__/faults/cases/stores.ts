import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultPlan } from '../../support/artifact-service-faults.ts';
import { type SmallDisk, fillUp, makeReadOnly, smallDisk } from '../../support/small-disk.ts';
import type { FaultCase } from '../fault-case.ts';
import { backUpDespite } from '../service-trouble.ts';

/** The second request of its kind is for the record. */
const RECORD = { after: 1 };
const FOLDER_FIRST = './kept/\nartifact';

type Case = Omit<FaultCase, 'phase' | 'strike'>;

/** A service that fails at a step, after the folder has taken the same step. */
const artifactFails = (
  { faults, ...rest }: Omit<Case, 'outcome'> & { readonly faults: FaultPlan },
  storage = FOLDER_FIRST,
): FaultCase => ({
  ...rest,
  phase: 'upload',
  outcome: 'failed',
  strike: (bed) => backUpDespite(bed, faults, { subject: bed.large, inputs: { storage } }),
});

const NOT_UPLOADED = /^The artifact could not be uploaded: .*\n.*[Rr]un the job again/;
const NOT_READ_BACK = /^The artifact .* could not be read back after the upload: .*\n.*[Rr]un the job again/;
const OTHER_BYTES = /^The artifact .* differs from the verified file: .*\n.*[Rr]un the job again/;

const ARTIFACT_FAILS: readonly FaultCase[] = [
  artifactFails({
    fault: 'of a folder and the artifact service, the service refuses to begin',
    says: NOT_UPLOADED,
    faults: { createArtifact: { answer: 403 } },
  }),
  artifactFails({
    fault: 'of a folder and the artifact service, the service refuses a block in the middle',
    says: NOT_UPLOADED,
    faults: { blobPut: { answer: 403, after: 1 } },
  }),
  artifactFails({
    fault: 'of a folder and the artifact service, the service refuses the commit',
    says: NOT_UPLOADED,
    faults: { finalizeArtifact: { answer: 403 } },
  }),
  artifactFails({
    fault: 'of a folder and the artifact service, the service takes the blob and loses it',
    says: NOT_READ_BACK,
    faults: { blobGet: { answer: 404 } },
  }),
  artifactFails({
    fault: 'of a folder and the artifact service, the service takes the blob and changes it',
    says: OTHER_BYTES,
    faults: { blobGet: { answer: 'corrupt' } },
  }),
  artifactFails({
    fault: 'of a folder and the artifact service, the service refuses to begin the record',
    says: NOT_UPLOADED,
    faults: { createArtifact: { answer: 403, ...RECORD } },
  }),
  artifactFails({
    fault: 'of a folder and the artifact service, the service refuses to commit the record',
    everyday: true,
    says: NOT_UPLOADED,
    faults: { finalizeArtifact: { answer: 403, ...RECORD } },
  }),
  artifactFails({
    fault: 'of a folder and the artifact service, the service takes the record and loses it',
    says: NOT_READ_BACK,
    faults: { blobGet: { answer: 404, ...RECORD } },
  }),
  artifactFails({
    fault: 'of a folder and the artifact service, the service takes the record and changes it',
    says: OTHER_BYTES,
    faults: { blobGet: { answer: 'corrupt', ...RECORD } },
  }),
  artifactFails(
    {
      fault: 'the artifact is committed, and its record fails (500), every time',
      says: NOT_UPLOADED,
      faults: { finalizeArtifact: { answer: 500, ...RECORD } },
    },
    'artifact',
  ),
];

/** How a folder fails: what its disk takes, or what happens to it while the artifact service is asked again. */
interface FolderFault extends Omit<Case, 'outcome'> {
  /** Of files and folders. The folder is the first, the file the second, and the record the third. */
  readonly mostFiles?: number;
  readonly when?: () => FaultPlan;
  readonly happens?: (folder: string, disk: SmallDisk) => (() => void) | undefined;
  /** Of `storage`, before the folder. */
  readonly beside: 'artifact' | './kept/';
  /** What is left in the folder, as its annotation says. */
  readonly leaves?: RegExp;
}

const folderFails = ({
  mostFiles,
  when = () => ({}),
  happens,
  beside,
  leaves,
  ...rest
}: FolderFault): FaultCase => ({
  ...rest,
  phase: 'upload',
  outcome: 'failed',
  async strike(bed) {
    const disk = await smallDisk(64, mostFiles);
    if (!disk) return undefined;
    const folder = join(disk.folder, 'backups');
    let undo: (() => void) | undefined;
    try {
      const struck = bed.artifacts.struck();
      const running = backUpDespite(bed, when(), {
        subject: bed.large,
        inputs: { storage: `${beside}\n${folder}` },
      });
      if (happens) await Promise.race([struck.then(() => (undo = happens(folder, disk))), running]);
      const run = await running;
      undo?.();
      const left = readdirSync(disk.folder, { recursive: true, encoding: 'utf8' }).filter(
        (name) => !['backups', 'filler'].includes(name) && leaves?.test(name) !== true,
      );
      if (left.length > 0) throw new Error(`There is something left on the disk: ${left.join(', ')}`);
      return run;
    } finally {
      await disk.remove();
    }
  },
});

/** The service answers a second later, and something happens meanwhile. A fault of its own counts for each run. */
const committing = (): FaultPlan => ({ finalizeArtifact: { answer: 500, times: 1 } });
const recording = (): FaultPlan => ({ finalizeArtifact: { answer: 500, times: 1, ...RECORD } });
const NO_ROOM =
  /^The backup could not be written to the folder .*ENOSPC.*\nCheck that the disk has enough space/;

const partialIn = (folder: string): string => {
  const [name] = readdirSync(folder).filter((each) => each.endsWith('.bak.partial'));
  return join(folder, name ?? 'nothing');
};

const FOLDER_FAILS: readonly FaultCase[] = [
  ...(['artifact', './kept/'] as const).flatMap((beside) => {
    const both = beside === 'artifact' ? 'of the artifact service and a folder' : 'of two folders';
    return [
      folderFails({
        beside,
        fault: `${both}, the disk has no room for the file`,
        mostFiles: 1,
        says: NO_ROOM,
      }),
      folderFails({
        beside,
        fault: `${both}, the disk has no room for the record`,
        mostFiles: 2,
        everyday: true,
        says: NO_ROOM,
      }),
    ];
  }),
  folderFails({
    beside: 'artifact',
    fault: 'of the artifact service and a folder, the folder loses the file before it is committed',
    when: committing,
    happens: (folder) => {
      rmSync(partialIn(folder));
      return undefined;
    },
    says: /^The backup could not be written to the folder .*ENOENT.*\nCheck/,
  }),
  folderFails({
    beside: 'artifact',
    fault: 'of the artifact service and a folder, another process changes the file before it is read back',
    when: committing,
    happens: (folder) => {
      const file = partialIn(folder);
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      writeFileSync(file, bytes);
      return undefined;
    },
    says: /^The file .* differs from what was written: .*\nRun the job again/,
  }),
  folderFails({
    beside: 'artifact',
    fault: 'of the artifact service and a folder, the disk is full when the record is due',
    when: recording,
    happens: (_, disk) => {
      fillUp(disk);
      return undefined;
    },
    says: NO_ROOM,
  }),
  folderFails({
    beside: 'artifact',
    fault: 'of the artifact service and a folder, the folder is read-only when the record is due',
    when: recording,
    happens: (folder) => {
      const readOnly = makeReadOnly(folder);
      return () => {
        readOnly.undo();
      };
    },
    leaves: /\.bak$/,
    says: /^The backup could not be written to the folder .*EROFS.* The file .*\.bak could not be removed \(.*\): do not restore from it\.\nCheck that the disk/,
  }),
];

/** Several stores, which get all of a backup or nothing, and the record that makes it one. */
export const storeCases: readonly FaultCase[] = [...ARTIFACT_FAILS, ...FOLDER_FAILS];
