import { fastClock } from '../../support/fast-clock.ts';
import type { ActionRun, RunActionOptions } from '../../support/runner.ts';
import { HANG, type StandIns, withStandIns } from '../../support/stand-in-tools.ts';
import { type FaultBed, backUp } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';

/** The most memory that the action may use, whatever its tools print. */
const MOST_MEMORY_BYTES = 300 * 1024 * 1024;
const LONGEST_LOG = 1024 * 1024;

const FLOOD = `yes 'pg_dump: warning: something that nobody wants to read fifty million bytes of' | head -c 50000000 >&2`;
const END = /\nSIGKILL usually means that the runner ran out of memory/;

/** Backs up the shop with programs that misbehave. */
function withTools(
  bed: FaultBed,
  standIns: StandIns,
  options: Omit<RunActionOptions, 'toolCache'> = {},
): Promise<ActionRun> {
  return withStandIns(bed.toolCache, standIns, (toolCache) =>
    backUp(bed, bed.shop, { ...options, toolCache }),
  );
}

/** Backs up the shop, and checks that the output of a tool did not fill the memory of the action or its log. */
async function flooded(bed: FaultBed, standIns: StandIns): Promise<ActionRun> {
  const run = await withTools(bed, standIns);
  const memory = run.peakRssBytes ?? 0;
  if (memory > MOST_MEMORY_BYTES) throw new Error(`The action took ${memory} bytes of memory.`);
  if (run.log.length > LONGEST_LOG) throw new Error(`The log is ${run.log.length} characters long.`);
  return run;
}

/** Faults of psql, pg_dump and pg_restore themselves, which are replaced by shell scripts. */
export const toolCases: readonly FaultCase[] = [
  {
    fault: 'psql is killed (SIGKILL)',
    phase: 'preflight',
    outcome: 'failed',
    says: /^psql was ended by SIGKILL\.\nSIGKILL usually means that the runner ran out of memory/,
    strike: (bed) => withTools(bed, { psql: 'kill -KILL $$' }),
  },
  {
    fault: 'psql crashes (SIGSEGV)',
    phase: 'preflight',
    outcome: 'failed',
    says: /^psql was ended by SIGSEGV\.\nThe program itself crashed/,
    strike: (bed) => withTools(bed, { psql: 'kill -SEGV $$' }),
  },
  {
    fault: 'psql hangs, and ignores SIGTERM',
    phase: 'preflight',
    outcome: 'failed',
    says: /psql has received no answer for 3 min/,
    strike: (bed) => withTools(bed, { psql: HANG }, { env: fastClock() }),
  },
  {
    fault: 'psql exits with 0 and prints nothing',
    phase: 'preflight',
    outcome: 'failed',
    says: /the server did not describe itself/,
    strike: (bed) => withTools(bed, { psql: 'exit 0' }),
  },
  {
    fault: 'pg_dump is killed (SIGKILL)',
    phase: 'dump',
    outcome: 'failed',
    says: /^pg_dump was ended by SIGKILL\.\nSIGKILL usually means that the runner ran out of memory/,
    strike: (bed) => withTools(bed, { pg_dump: 'kill -KILL $$' }),
  },
  {
    fault: 'pg_dump crashes (SIGSEGV)',
    phase: 'dump',
    outcome: 'failed',
    says: /^pg_dump was ended by SIGSEGV\.\nThe program itself crashed/,
    strike: (bed) => withTools(bed, { pg_dump: 'kill -SEGV $$' }),
  },
  {
    fault: 'pg_dump hangs from the start, and ignores SIGTERM',
    phase: 'dump',
    outcome: 'failed',
    says: /^The connection of pg_dump is dead: /,
    strike: (bed) => withTools(bed, { pg_dump: HANG }, { env: fastClock() }),
  },
  {
    fault: 'pg_dump is missing from the disk when it is needed',
    phase: 'dump',
    outcome: 'failed',
    says: /^\S+pg_dump could not be started: .*ENOENT\nCheck that the file exists on the runner/,
    strike: (bed) => withTools(bed, { psql: `rm -f "\${0%/*}/pg_dump"; exec "$real" "$@"` }),
  },
  {
    fault: 'pg_dump prints 50 MB of errors and fails',
    phase: 'dump',
    outcome: 'failed',
    says: /^pg_dump failed: /,
    strike: (bed) => flooded(bed, { pg_dump: `${FLOOD}; exit 1` }),
  },
  {
    fault: 'pg_dump prints 50 MB of warnings and succeeds',
    phase: 'dump',
    outcome: 'survived',
    says: /something that nobody wants to read[\s\S]*Uploaded shop-/,
    strike: (bed) => flooded(bed, { pg_dump: `"$real" "$@" || exit; ${FLOOD}; exit 0` }),
  },
  {
    fault: 'pg_dump exits with 0 and writes nothing',
    phase: 'dump',
    outcome: 'failed',
    says: /^pg_dump succeeded but wrote an empty archive\.\n/,
    strike: (bed) => withTools(bed, { pg_dump: 'exit 0' }),
  },
  {
    fault: 'pg_dump exits with 0 and writes half an archive',
    phase: 'read-back',
    everyday: true,
    outcome: 'failed',
    says: /^The archive .*pg_restore reports: /,
    strike: (bed) => withTools(bed, { pg_dump: '"$real" "$@" | head -c 400000; exit 0' }),
  },
  {
    fault: 'pg_dump exits with 0, and something follows its archive',
    phase: 'read-back',
    outcome: 'failed',
    says: /^The archive cannot be read back: it contains data that its table of contents does not name/,
    strike: (bed) => withTools(bed, { pg_dump: '"$real" "$@" || exit; head -c 5000 /dev/zero' }),
  },
  {
    fault: 'pg_dump exits with 0 and writes garbage',
    phase: 'read-back',
    outcome: 'failed',
    says: /^The archive cannot be read back: it was not written by pg_dump -Fc/,
    strike: (bed) => withTools(bed, { pg_dump: 'head -c 100000 /dev/urandom' }),
  },
  {
    // zstd writes no checksum here, so a changed byte can go unnoticed; a lost page cannot.
    fault: 'a page of the archive is lost on its way',
    phase: 'read-back',
    outcome: 'failed',
    says: /^The archive cannot be read back: /,
    strike: (bed) =>
      withTools(bed, {
        pg_dump: `"$real" "$@" | {
  head -c 409600; head -c 4096 > /dev/null; head -c 4096 /dev/zero; cat
}`,
      }),
  },
  {
    fault: 'pg_restore is killed (SIGKILL)',
    phase: 'read-back',
    everyday: true,
    outcome: 'failed',
    says: new RegExp(`^The archive could not be read back: pg_restore was ended by SIGKILL\\.${END.source}`),
    strike: (bed) => withTools(bed, { pg_restore: 'kill -KILL $$' }),
  },
  {
    fault: 'pg_restore crashes in the middle (SIGSEGV)',
    phase: 'read-back',
    outcome: 'failed',
    says: /^The archive could not be read back: pg_restore was ended by SIGSEGV\./,
    strike: (bed) => withTools(bed, { pg_restore: '"$real" "$@" | head -c 2000; kill -SEGV $$' }),
  },
  {
    fault: 'pg_restore hangs, and ignores SIGTERM',
    phase: 'read-back',
    outcome: 'failed',
    says: /pg_restore printed nothing for 120 seconds/,
    strike: (bed) => withTools(bed, { pg_restore: HANG }, { env: fastClock() }),
  },
  {
    fault: 'pg_restore is missing from the disk when it is needed',
    phase: 'read-back',
    outcome: 'failed',
    says: /^\S+pg_restore could not be started: .*ENOENT\nCheck that the file exists on the runner/,
    strike: (bed) => withTools(bed, { psql: `rm -f "\${0%/*}/pg_restore"; exec "$real" "$@"` }),
  },
  {
    fault: 'pg_restore exits with 0 and prints nothing',
    phase: 'read-back',
    outcome: 'failed',
    says: /^The archive /,
    strike: (bed) => withTools(bed, { pg_restore: 'exit 0' }),
  },
  {
    fault: 'pg_restore exits with 0 and prints only half of its output',
    phase: 'read-back',
    outcome: 'failed',
    says: /^The archive /,
    strike: (bed) => withTools(bed, { pg_restore: '"$real" "$@" | head -c 4000; exit 0' }),
  },
  {
    fault: 'pg_restore prints 50 MB of errors and fails',
    phase: 'read-back',
    outcome: 'failed',
    says: /^The archive .*pg_restore reports: /,
    strike: (bed) => flooded(bed, { pg_restore: `${FLOOD}; exit 1` }),
  },
];
