import type { Changes, DefinitionChange, TableChange } from '../../history/changes.ts';
import { bytes, count, duration } from '../../runner/format.ts';
import { code, escaped, table } from '../../runner/markdown.ts';
import type { Comparison } from '../compare-previous.ts';

const MOST_LINES = 20;
/** Losses first. */
const ORDER: readonly (TableChange['change'] | DefinitionChange['change'])[] = [
  ...(['gone', 'shrunk', 'removed', 'rewritten', 'changed', 'grown', 'new', 'added'] as const),
];

/** What has changed since the previous backup, as a section of the summary. */
export function changesSection({ previous, size, dumpSeconds, changes, losses }: Comparison): string {
  const heading = `### Changes since the previous backup`;
  const name = code(previous.name);
  if (!changes) {
    return [
      heading,
      `${bytes(previous.size)}${dumpedIn(dumpSeconds.before)} in ${name}, ${bytes(size)}${dumpedIn(dumpSeconds.now)} now. Tables are not compared: the records of encrypted backups, and of any in a public repository, do not tell what is in them.`,
    ].join('\n\n');
  }
  const lost = new Set(losses.map((loss) => loss.table));
  const lines = linesOf(changes, lost);
  const others = [
    ...(changes.sequences ? ['values of sequences'] : []),
    ...(changes.largeObjects ? ['large objects'] : []),
  ];
  if (lines.length + others.length === 0) return [heading, `Nothing has changed since ${name}.`].join('\n\n');
  const more = lines.length - MOST_LINES;
  return [
    heading,
    `Compared with ${name}${others.length > 0 ? `; different too: ${others.join(', ')}` : ''}.`,
    ...(lines.length > 0
      ? [
          table(['What', 'Before', 'Now', 'Change'], lines.slice(0, MOST_LINES), [
            'left',
            'right',
            'right',
            'left',
          ]),
        ]
      : []),
    ...(more > 0 ? [`… and ${count(more, 'more change')}.`] : []),
  ].join('\n\n');
}

function linesOf({ tables, definitions, versions }: Changes, lost: ReadonlySet<string>): string[][] {
  const lines = [
    ...tables.map((change) => ({
      change: change.change,
      cells: [
        code(change.table),
        rows(change.before),
        rows(change.after),
        `${lost.has(change.table) ? '⚠️ ' : ''}${change.change}`,
      ],
    })),
    ...versions.map(({ name, before, after }) => ({
      change: 'changed' as const,
      cells: [escaped(name), escaped(before), escaped(after), 'another version'],
    })),
    ...definitions.map(({ kind, name, change }) => ({
      change,
      cells: [`${escaped(kind)} ${code(name)}`, '', '', change],
    })),
  ];
  return lines.sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change)).map(({ cells }) => cells);
}

function dumpedIn(seconds: number | undefined): string {
  return seconds === undefined ? '' : ` (dumped in ${duration(seconds * 1000)})`;
}

function rows(number: number | null): string {
  return number === null ? '' : count(number, 'row');
}
