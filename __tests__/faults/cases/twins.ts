import type { ActionRun } from '../../support/runner.ts';
import { type FaultBed, backUp } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';
import { brokenPromises } from '../promises.ts';
import { STORED } from '../service-trouble.ts';

let runs = 10_000;

/** Stops the clock of a program, to simulate two jobs that begin their dumps in the same second. */
function stoppedClock(): { readonly NODE_OPTIONS: string } {
  const now = Date.now();
  const preload = `globalThis.Date=class extends Date{constructor(...a){super(...(a.length?a:[${now}]))}static now(){return ${now}}}`;
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(preload)}` };
}

/** Two jobs back up the same database under the same name at the same time. */
function backUpTwice(bed: FaultBed, runIds: readonly [number, number]): Promise<[ActionRun, ActionRun]> {
  const env = stoppedClock();
  const job = (runId: number): Promise<ActionRun> => backUp(bed, bed.shop, { runId, env });
  return Promise.all([job(runIds[0]), job(runIds[1])]);
}

async function requireSurvived(bed: FaultBed, run: ActionRun, before: ReadonlySet<number>): Promise<void> {
  const broken = await brokenPromises(bed, run, { outcome: 'survived', says: STORED, before });
  if (broken.length > 0) throw new Error(`The other job: ${broken.join('; ')}\n${run.log}`);
}

const idsOf = ({ artifacts }: FaultBed): number[] => artifacts.artifacts().map(({ id }) => id);

/** Both survive, and neither touches the other's backup. @returns one of them, when nothing of the other is left. */
async function twins(bed: FaultBed, runIds: readonly [number, number]): Promise<ActionRun> {
  const before = idsOf(bed);
  const [one, other] = await backUpTwice(bed, runIds);
  await requireSurvived(bed, one, new Set([...before, Number(other.outputs['artifact-id'])]));
  const name = one.outputs['artifact-name'] ?? '';
  if (name.slice(0, -12) !== other.outputs['artifact-name']?.slice(0, -12))
    throw new Error('The two were not made in the same second.');
  const record = bed.artifacts.records().find((found) => found.name === `${name}.json`);
  for (const id of [record?.id, one.outputs['artifact-id']]) await remove(bed, String(id));
  return other;
}

/** Jobs that run at the same time. */
export const twinCases: readonly FaultCase[] = [
  {
    fault: 'another job of the run makes the same backup in the same second',
    phase: 'upload',
    everyday: true,
    outcome: 'survived',
    says: STORED,
    strike: (bed) => twins(bed, [(runs += 1), runs]),
  },
  {
    fault: 'a job of another run makes the same backup in the same second',
    phase: 'upload',
    outcome: 'survived',
    says: STORED,
    strike: (bed) => twins(bed, [(runs += 1), (runs += 1)]),
  },
];

async function remove(
  { artifacts: { apiUrl, repository, githubToken } }: FaultBed,
  id: string,
): Promise<void> {
  const { status } = await fetch(`${apiUrl}/repos/${repository}/actions/artifacts/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${githubToken}` },
  });
  if (status !== 204) throw new Error(`The artifact ${id} could not be deleted: ${status}.`);
}
