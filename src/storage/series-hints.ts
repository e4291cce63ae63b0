import { someOf } from '../runner/format.ts';
import type { Series } from './store.ts';

/** Other reasons why a series has no backup: there are other series, or the list was too long. */
export function whereElse({ others, ignored, lookedAt }: Series): string {
  return [
    others.length === 0
      ? 'There are no backups with another name.'
      : `There are backups of: ${someOf(others)}.`,
    ...(ignored === undefined ? [] : [ignored]),
    ...(lookedAt === undefined ? [] : [`Only its newest ${lookedAt} artifacts were searched.`]),
  ].join(' ');
}
