import type { Complaint, WrongClock } from './freshness.ts';
import type { Inactivity } from './inactivity.ts';
import { describeLosses } from '../history/loss-text.ts';
import { bytes, count, duration, minute } from '../runner/format.ts';

/** A problem of a series, as a part of a sentence that names the input with the limit. */
export function describeComplaint(complaint: Complaint): string {
  switch (complaint.kind) {
    case 'none':
      return 'there is no unexpired backup';
    case 'clock':
      return describeClock(complaint.clock, complaint.aheadMs);
    case 'too-old':
      return `the newest backup is ${inHours(complaint.ageMs)} old (max-age allows ${inHours(complaint.maxAgeMs)})`;
    case 'too-few':
      return `there ${complaint.count === 1 ? 'is' : 'are'} only ${count(complaint.count, 'backup')} (minimum-count requires ${complaint.minimumCount})`;
    case 'shrunk':
      return (
        `the newest backup is smaller than the previous one by ${percent(complaint.shrink)}, from ${bytes(complaint.fromBytes)} to ${bytes(complaint.toBytes)} ` +
        `(maximum-shrink allows ${percent(complaint.maximumShrink)})`
      );
    case 'rows-lost':
      return `${describeLosses(complaint.losses)} (maximum-row-loss allows ${percent(complaint.maximumRowLoss)})`;
  }
}

function describeClock(clock: WrongClock, aheadMs: number): string {
  const difference = inHours(Math.abs(aheadMs));
  return clock === 'future'
    ? `the newest backup was published ${difference} in the future`
    : `the clock of ${clock} is ${difference} ${aheadMs > 0 ? 'ahead of' : 'behind'} GitHub's`;
}

/** The warning that GitHub will disable schedules, and how to keep them enabled. */
export function describeInactivity(
  repository: string,
  { days, switchedOffAt }: Inactivity,
  now: Date,
): string {
  const when =
    switchedOffAt > now
      ? `will disable its schedules around ${minute(switchedOffAt)}`
      : `may have disabled its schedules on ${minute(switchedOffAt)}`;
  return (
    `No one has pushed to ${repository} for ${count(days, 'day')}, and it is public: GitHub ${when}, after 60 days without activity. ` +
    'Push a commit, or enable the workflow of the backup again ("gh workflow enable").'
  );
}

/** To the minute, because an age may be just over its limit. */
function inHours(milliseconds: number): string {
  return duration(milliseconds).replace(/ 0 (?:min|s)$/, '');
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}
