import { someOf } from '../runner/format.ts';
import type { Series } from './artifact/series.ts';

/** Other reasons why a series has no backup: there are other series, or the list was too long. */
export function whereElse({ others, ignored, lookedAt }: Series): string {
  return [
    others.length === 0
      ? 'The repository has no backups with another name.'
      : `The repository has backups of: ${someOf(others)}.`,
    ...(ignored === undefined ? [] : [ignored]),
    ...(lookedAt === undefined ? [] : [`Only its newest ${lookedAt} artifacts were searched.`]),
  ].join(' ');
}
