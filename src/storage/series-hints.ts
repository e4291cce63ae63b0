import { someOf } from '../runner/format.ts';
import type { Series } from './artifact/series.ts';

/** What else may be the reason that a series has no backup: the other series, or a list that was too long. */
export function whereElse({ others, ignored, lookedAt }: Series): string {
  return [
    others.length === 0
      ? 'The repository has no backups of any other name.'
      : `The repository has backups of: ${someOf(others)}.`,
    ...(ignored === undefined ? [] : [ignored]),
    ...(lookedAt === undefined ? [] : [`Only its newest ${lookedAt} artifacts were looked at.`]),
  ].join(' ');
}
