import { code, escaped } from '../../runner/markdown.ts';
import { ALWAYS, type NotIncluded } from './not-included.ts';

const MOST_NAMED = 20;

/** What is not in a backup, as a section of its summary. */
export function notIncludedSection(items: readonly NotIncluded[]): string {
  const found = items.filter(({ what }) => what !== ALWAYS.what);
  const list =
    found.length === 0
      ? ['Nothing of the database was left out.']
      : found
          .toSorted((left, right) => Number(right.level === 'warning') - Number(left.level === 'warning'))
          .map(line);
  return ['### Not in this backup', list.join('\n'), `As always: ${ALWAYS.what}.`].join('\n\n');
}

function line({ level, what, names, why, hint }: NotIncluded): string {
  const shown = names.slice(0, MOST_NAMED).map(code);
  const more = names.length > MOST_NAMED ? [`${names.length - MOST_NAMED} more`] : [];
  const named = names.length === 0 ? '' : `: ${[...shown, ...more].join(', ')}`;
  const told = `${level === 'warning' ? '⚠️ ' : ''}**${what}**${named} (${escaped(why)})`;
  return `- ${told}${hint === undefined ? '' : `. ${escaped(hint)}`}`;
}
