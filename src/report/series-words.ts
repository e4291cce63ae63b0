import type { Series } from '../store/series.ts';

const MOST_NAMED = 10;

/** What else may be the reason that a series has no backup: the other series, or a list that was too long. */
export function whereElse({ others, lookedAt }: Series): string {
  const named = others.slice(0, MOST_NAMED).join(', ');
  const more = others.length > MOST_NAMED ? ` and ${others.length - MOST_NAMED} more` : '';
  return [
    others.length === 0
      ? 'The repository has no backups of any other name.'
      : `The repository has backups of: ${named}${more}.`,
    ...(lookedAt === undefined ? [] : [`Only its newest ${lookedAt} artifacts were looked at.`]),
  ].join(' ');
}
