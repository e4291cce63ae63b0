import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jumpingClock } from '../../support/jumping-clock.ts';
import type { ActionRun } from '../../support/runner.ts';
import { makeReadOnly } from '../../support/small-disk.ts';
import { withStandIns } from '../../support/stand-in-tools.ts';
import { type FaultBed, backUp, withFolder } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';

const DAY_MS = 24 * 60 * 60_000;
const MISSING = join(tmpdir(), 'nobody-makes-this-folder', 'file');
const ADVICE = /\nCheck that the disk of the runner has room/;

/**
 * Backs up while the clock jumps in the middle of the dump, and checks what a user expects: the name contains the time
 * at which the dump began, by the clock at that time; the retention is as long as requested, by the clock as it is now;
 * and durations are not affected.
 */
async function jumped(bed: FaultBed, days: number): Promise<ActionRun> {
  const began = Date.now();
  const run = await backUp(bed, bed.large, { env: jumpingClock({ days, atLine: 'Dumping' }) });
  const { 'artifact-name': name = '', 'expires-at': expires = '', 'duration-seconds': took } = run.outputs;
  const [, date = '', hours, minutes, seconds] = /-(\d{8})T(\d\d)(\d\d)(\d\d)Z-/.exec(name) ?? [];
  const day = date.replace(/^(....)(..)(..)$/, '$1-$2-$3');
  const named = Date.parse(`${day}T${hours ?? ''}:${minutes ?? ''}:${seconds ?? ''}Z`);
  const minute = 60_000;
  const isNear = (time: number, wanted: number): boolean => Math.abs(time - wanted) < 5 * minute;
  if (!isNear(named, began)) throw new Error(`${name} is not named after ${new Date(began).toISOString()}.`);
  if (!isNear(Date.parse(expires), began + (30 + days) * DAY_MS))
    throw new Error(`It expires at ${expires}.`);
  if (!(Number(took) > 0 && Number(took) < 100)) throw new Error(`It took ${took ?? '?'} s.`);
  return run;
}

/** Backs up with a read-only folder for temporary files. */
async function inReadOnlyTemp(bed: FaultBed): Promise<ActionRun> {
  const temp = await mkdtemp(join(tmpdir(), 'read-only-'));
  return withFolder(temp, async () => {
    const readOnly = makeReadOnly(temp);
    try {
      return await backUp(bed, bed.shop, { env: { RUNNER_TEMP: temp } });
    } finally {
      readOnly.undo();
    }
  });
}

/** Backs up while one of the runner's files is removed in the middle of the dump, long before it is needed. */
async function losing(bed: FaultBed, variable: string): Promise<ActionRun> {
  const folder = await mkdtemp(join(tmpdir(), 'lost-'));
  const file = join(folder, 'file');
  await writeFile(file, '');
  return withFolder(folder, () =>
    withStandIns(bed.toolCache, { pg_dump: `rm '${file}'; exec "$real" "$@"` }, (toolCache) =>
      backUp(bed, bed.large, { toolCache, env: { [variable]: file } }),
    ),
  );
}

/** Faults of the machine: its memory, its clock, and the folders and command files of the runner. */
export const machineCases: readonly FaultCase[] = [
  {
    fault: 'RUNNER_TEMP is empty',
    phase: 'start',
    outcome: 'failed',
    says: /^RUNNER_TEMP is not set\.\n/,
    strike: (bed) => backUp(bed, bed.shop, { env: { RUNNER_TEMP: '' } }),
  },
  {
    fault: 'RUNNER_TEMP is a folder that does not exist',
    phase: 'start',
    outcome: 'failed',
    says: /^RUNNER_TEMP: no folder can be created in .*ENOENT.*\nThe runner sets RUNNER_TEMP: check that the folder exists/,
    strike: (bed) => backUp(bed, bed.shop, { env: { RUNNER_TEMP: MISSING } }),
  },
  {
    fault: 'RUNNER_TEMP cannot be written',
    phase: 'start',
    outcome: 'failed',
    says: /^RUNNER_TEMP: no folder can be created in .*(?:EROFS|EACCES).*\nThe runner sets RUNNER_TEMP: check/,
    strike: inReadOnlyTemp,
  },
  {
    fault: 'the file for the state cannot be written',
    phase: 'start',
    everyday: true,
    outcome: 'failed',
    says: new RegExp(`^GITHUB_STATE: .*ENOENT.*${ADVICE.source}`),
    strike: (bed) => backUp(bed, bed.shop, { env: { GITHUB_STATE: MISSING } }),
  },
  {
    fault: 'the file for the outputs cannot be written',
    phase: 'start',
    outcome: 'failed',
    says: new RegExp(`^GITHUB_OUTPUT: .*ENOENT.*${ADVICE.source}`),
    strike: (bed) => backUp(bed, bed.shop, { env: { GITHUB_OUTPUT: MISSING } }),
  },
  {
    fault: 'the clock jumps two days ahead',
    phase: 'dump',
    outcome: 'survived',
    says: /Uploaded large-/,
    strike: (bed) => jumped(bed, 2),
  },
  {
    fault: 'the clock jumps two days back',
    phase: 'dump',
    outcome: 'survived',
    says: /Uploaded large-/,
    strike: (bed) => jumped(bed, -2),
  },
  {
    fault: 'the action has a JavaScript heap of only 64 MB',
    phase: 'dump',
    outcome: 'survived',
    says: /Uploaded large-/,
    strike: (bed) => backUp(bed, bed.large, { env: { NODE_OPTIONS: '--max-old-space-size=64' } }),
  },
  {
    fault: 'the action runs out of memory',
    phase: 'upload',
    outcome: 'killed',
    says: /^No backup was made: the job was killed before it could report a result\.\nUsually the runner ran out of memory/,
    strike: (bed) => backUp(bed, bed.large, { env: { NODE_OPTIONS: '--max-old-space-size=14' } }),
  },
  {
    fault: 'the file for the outputs is missing when it is needed',
    phase: 'report',
    everyday: true,
    outcome: 'failed',
    published: 'an artifact',
    says: /^GITHUB_OUTPUT: .*\nThe backup is still complete and verified: it is the artifact large-.*\.bak\. Check/,
    strike: (bed) => losing(bed, 'GITHUB_OUTPUT'),
  },
  {
    fault: 'the file for the summary cannot be written',
    phase: 'report',
    outcome: 'survived',
    says: /The job summary cannot be written: /,
    strike: (bed) => backUp(bed, bed.shop, { env: { GITHUB_STEP_SUMMARY: MISSING } }),
  },
];
