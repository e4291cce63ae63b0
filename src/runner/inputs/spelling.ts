/** How many letters may differ in a name that is meant to be another. */
const MOST_DIFFERENT = 3;
const PREFIX = 'INPUT_';

type Tail<T extends readonly unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;

/**
 * An input of the step whose name is nearly that of another, or whose value can only be meant for it. The runner passes on inputs
 * that an action does not have, with nothing but a warning (`ActionRunner.cs` and `Handler.cs` in actions/runner).
 *
 * @param input the one that is empty.
 */
export function misspelled(
  input: string,
  env: NodeJS.ProcessEnv = process.env,
  isMeant: (name: string, value: string) => boolean = () => false,
): string | undefined {
  const found = Object.entries(env).find(([variable, value = '']) => {
    const name = nameOf(variable);
    if (!/^[\w.-]{1,60}$/.test(name) || name === input || value.trim() === '') return false;
    return differences(name, input) <= MOST_DIFFERENT || isMeant(name, value);
  });
  return found && nameOf(found[0]);
}

/** A sentence for the error about an input that is empty. */
export function aboutSpelling(input: string, ...others: Tail<Parameters<typeof misspelled>>): string {
  const name = misspelled(input, ...others);
  return name === undefined
    ? `Check the spelling of "${input}" in the workflow, too: GitHub only warns about inputs that do not exist.`
    : `The step sets the input "${name}", which does not exist (GitHub only warns about that): write "${input}" instead.`;
}

function nameOf(variable: string): string {
  return variable.startsWith(PREFIX) ? variable.slice(PREFIX.length).toLowerCase() : '';
}

/** How many letters must be added, removed or replaced to make one word of the other (Levenshtein). */
function differences(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of Array.from(one).entries()) {
    const next = [index + 1];
    for (const [column, wanted] of Array.from(other).entries()) {
      const [left = 0, above = 0, corner = 0] = [next[column], row[column + 1], row[column]];
      next.push(Math.min(left + 1, above + 1, corner + (letter === wanted ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
