import type { FaultPlan } from '../../support/artifact-service-faults.ts';
import type { ActionRun } from '../../support/runner.ts';
import type { StepHandle } from '../../support/runner-step.ts';
import { smallDisk } from '../../support/small-disk.ts';
import type { FaultBed } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';
import { backUpDespite } from '../service-trouble.ts';

const FOLDER_FIRST = './kept/\nartifact';
const ARTIFACT_FIRST = 'artifact\n./kept/';
const KEPT = 'workspace/kept/';

/** What is there after a run in which the artifact could not be deleted: it is deleted now. */
async function withRemains(bed: FaultBed, run: ActionRun, says: RegExp): Promise<ActionRun> {
  bed.artifacts.faults = {};
  const words = [...run.annotations, ...(run.post?.annotations ?? [])]
    .map(({ message }) => message)
    .join('\n');
  const [made] = bed.artifacts.artifacts().slice(-1);
  if (!made || !says.test(words) || !words.includes(made.name))
    throw new Error(`It is not said what is left: ${words}`);
  if (words.includes('complete and verified')) throw new Error(`It is called a backup: ${words}`);
  for (const { id } of [made, ...bed.artifacts.records().filter(({ name }) => name === `${made.name}.json`)])
    await deleteArtifact(bed, id);
  return run;
}

async function deleteArtifact(
  { artifacts: { apiUrl, repository, githubToken } }: FaultBed,
  id: number,
): Promise<void> {
  await fetch(`${apiUrl}/repos/${repository}/actions/artifacts/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${githubToken}` },
  });
}

const NOT_DELETED = /The artifact .* could not be deleted \(.*403.*\): do not restore from it/;

const REMAINS: readonly FaultCase[] = [
  {
    fault: 'the artifact differs from the verified file, and cannot be deleted',
    phase: 'upload',
    outcome: 'failed',
    says: NOT_DELETED,
    strike: async (bed) =>
      withRemains(
        bed,
        await backUpDespite(bed, { blobGet: { answer: 'corrupt' }, deleteArtifact: { answer: 403 } }),
        NOT_DELETED,
      ),
  },
  {
    fault: 'a folder cannot get its record, and the finished artifact cannot be deleted',
    phase: 'upload',
    outcome: 'failed',
    says: NOT_DELETED,
    async strike(bed) {
      const disk = await smallDisk(64, 2);
      if (!disk) return undefined;
      try {
        const inputs = { storage: `artifact\n${disk.folder}/backups` };
        const run = await backUpDespite(bed, { deleteArtifact: { answer: 403 } }, { inputs });
        return await withRemains(bed, run, NOT_DELETED);
      } finally {
        await disk.remove();
      }
    },
  },
];

/** Kills a backup at the fault of the service, which gives no answer. */
async function killedAt(bed: FaultBed, faults: FaultPlan, storage: string): Promise<ActionRun> {
  const started = Promise.withResolvers<StepHandle>();
  const struck = bed.artifacts.struck();
  const running = backUpDespite(bed, faults, { inputs: { storage }, onStart: started.resolve });
  await Promise.race([struck, running]);
  (await started.promise).kill('SIGKILL');
  return running;
}

/** The second request of its kind is for the record. */
const unfinished = (): FaultPlan => ({ finalizeArtifact: { answer: 'hang', after: 1 } });
const NO_BACKUP = /^No backup was made: the job was killed before it could report a result\.\n.*Run it again/;

const KILLS: readonly FaultCase[] = [
  {
    fault: 'the process is killed (SIGKILL) between the commit and the record',
    phase: 'upload',
    everyday: true,
    outcome: 'killed',
    says: NO_BACKUP,
    strike: (bed) => killedAt(bed, unfinished(), 'artifact'),
  },
  {
    fault: 'the process is killed (SIGKILL) between the commit and the record in two stores',
    phase: 'upload',
    outcome: 'killed',
    says: NO_BACKUP,
    strike: (bed) => killedAt(bed, unfinished(), ARTIFACT_FIRST),
  },
  {
    fault:
      'the process is killed (SIGKILL) between the commit and the record, and the artifact cannot be deleted',
    phase: 'upload',
    outcome: 'killed',
    says: NO_BACKUP,
    strike: async (bed) =>
      withRemains(
        bed,
        await killedAt(bed, { ...unfinished(), deleteArtifact: { answer: 403 } }, 'artifact'),
        NOT_DELETED,
      ),
  },
  {
    fault: 'the process is killed (SIGKILL) between the records of two stores',
    phase: 'upload',
    outcome: 'killed',
    published: 'a folder',
    says: /the file .*\.bak \(1 of 2 copies\) is complete and verified/,
    async strike(bed) {
      const run = await killedAt(bed, unfinished(), FOLDER_FIRST);
      const kept = run.leftFiles.filter((file) => file.startsWith(KEPT)).toSorted();
      const [file = '', record] = kept;
      if (kept.length !== 2 || record !== `${file}.json`)
        throw new Error(`The folder has ${kept.join(', ')}.`);
      return { ...run, leftFiles: run.leftFiles.filter((each) => !kept.includes(each)) };
    },
  },
];

/** Backups that are not finished: what cannot be removed is named, and what a killed job has left is removed. */
export const unfinishedCases: readonly FaultCase[] = [...REMAINS, ...KILLS];
