// What a workflow, or a composite action, asks of this repository's actions, compared with their action.yml: pure. A workflow parser does not
// know the inputs of actions, and the runner only warns of unknown ones.
import { parse } from 'yaml';
import { isJsonObject } from '../../src/github/json.ts';
import { ACTION_FOLDERS, type ActionFile, type ActionName, isActionName } from './action-file.ts';

/** `OWNER/postgres-backup-action/restore@v1`, or `./restore` within this repository; `./.github` is for its own use. */
const OURS = /^(?:[\w.-]+\/postgres-backup-action(?:\/(?<sub>[^@]*))?@\S+|\.(?:\/(?<local>(?!\.)[^@]*))?)$/;

interface Step {
  readonly id: string;
  readonly uses: string;
  readonly given: readonly string[];
}

/** A step with an action of this repository; undefined: it has no action of that name. */
interface OurStep extends Step {
  readonly action: ActionFile | undefined;
}

/** What is wrong with the uses of this repository's actions in a workflow, a sentence each. */
export function usesFaults(workflow: string, actionFile: (name: ActionName) => ActionFile): string[] {
  const steps = stepsOf(parse(workflow)).flatMap((step): OurStep[] => {
    const { groups } = OURS.exec(step.uses) ?? {};
    if (!groups) return [];
    const name = actionIn(groups['sub'] ?? groups['local'] ?? '');
    return [{ ...step, action: name && actionFile(name) }];
  });
  return [...steps.flatMap(inputFaults), ...outputFaults(workflow, steps)];
}

function inputFaults({ uses, given, action }: OurStep): string[] {
  if (!action) return [`${uses} is no action of this repository.`];
  const declared = action.inputs.map(({ name }) => name);
  return [
    ...given
      .filter((input) => !declared.includes(input))
      .map((input) => `${uses} has no input ${input}: there are ${declared.join(', ')}.`),
    ...action.inputs
      .filter(({ name, required }) => required && !given.includes(name))
      .map(({ name }) => `${uses} needs ${name}.`),
  ];
}

/** Expressions that name an output which the action of that step does not have. */
function outputFaults(workflow: string, steps: readonly OurStep[]): string[] {
  return [...workflow.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)].flatMap(([whole, id, output]) => {
    const action = steps.find((step) => step.id === id)?.action;
    return action && !action.outputs.some(({ name }) => name === output)
      ? [`${whole}: the action has no such output.`]
      : [];
  });
}

function actionIn(folder: string): ActionName | undefined {
  return Object.keys(ACTION_FOLDERS)
    .filter(isActionName)
    .find((name) => ACTION_FOLDERS[name] === (folder === '' ? '.' : folder));
}

/** Of a workflow, or of a composite action. */
function stepsOf(document: unknown): Step[] {
  if (!isJsonObject(document)) return [];
  const jobs = isJsonObject(document['jobs']) ? Object.values(document['jobs']) : [document['runs']];
  return jobs
    .flatMap((job): readonly unknown[] => {
      const steps = isJsonObject(job) ? job['steps'] : undefined;
      return Array.isArray(steps) ? steps : [];
    })
    .filter(isJsonObject)
    .map(({ id, uses, with: given }) => ({
      id: typeof id === 'string' ? id : '',
      uses: typeof uses === 'string' ? uses : '',
      given: isJsonObject(given) ? Object.keys(given) : [],
    }));
}
