// What the README must keep to: it is short, and its two tables name every input and output of the backup. Pure.
import type { ActionFile } from './action-file.ts';

/** As `wc -w` counts them. */
const MOST_WORDS = 1500;

/** What is wrong with the README, a sentence each. */
export function readmeFaults(text: string, { inputs, outputs }: ActionFile): string[] {
  const words = text.split(/\s+/).filter((word) => word !== '').length;
  return [
    ...(words > MOST_WORDS
      ? [`README.md has ${words} words, and at most ${MOST_WORDS} are allowed: move details to docs/.`]
      : []),
    ...tableFaults('Inputs', namesIn(text, 'Inputs'), inputs),
    ...tableFaults('Outputs', namesIn(text, 'Outputs'), outputs),
  ];
}

/** What the second column of the table with this heading names, row by row. */
function namesIn(text: string, heading: string): string[] {
  const [, rows = ''] =
    new RegExp(`^\\| [^|]+ \\| ${heading} \\|\\n\\|[-|]+\\|\\n((?:\\|.*\\n?)+)`, 'm').exec(text) ?? [];
  return [...rows.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

function tableFaults(
  heading: string,
  named: readonly string[],
  declared: readonly { readonly name: string }[],
): string[] {
  const names = declared.map(({ name }) => name);
  return [
    ...names
      .filter((name) => !named.includes(name))
      .map((name) => `README.md: the table "${heading}" lacks ${name}.`),
    ...named
      .filter((name, index) => !names.includes(name) || named.indexOf(name) !== index)
      .map(
        (name) => `README.md: the table "${heading}" has ${name}, which does not exist or is listed twice.`,
      ),
  ];
}
