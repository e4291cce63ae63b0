import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { isJsonObject } from '../../src/github/json.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** The folders of the actions of this repository, by their names in the documentation. */
export const ACTION_FOLDERS = { backup: '.', restore: 'restore', prune: 'prune', check: 'check' } as const;
export type ActionName = keyof typeof ACTION_FOLDERS;

/** What the documentation says about an action. */
export interface ActionFile {
  readonly inputs: readonly Input[];
  readonly outputs: readonly Described[];
}

interface Described {
  readonly name: string;
  readonly description: string;
}

interface Input extends Described {
  readonly required: boolean;
  /** As it is written, `''` when there is none. */
  readonly byDefault: string;
}

export function isActionName(name: string): name is ActionName {
  return name in ACTION_FOLDERS;
}

/** The `action.yml` of an action of this repository. */
export function readActionFile(name: ActionName): ActionFile {
  return parseActionFile(readFileSync(path.join(ROOT, ACTION_FOLDERS[name], 'action.yml'), 'utf8'));
}

/** @throws Error when an input or output has no description. */
export function parseActionFile(text: string): ActionFile {
  // With this schema every scalar is a string, which is how the runner reads `default: 30` and `default: false`.
  const action: unknown = parse(text, { schema: 'failsafe' });
  return {
    inputs: entriesOf(action, 'inputs').map(([name, input]) => ({
      name,
      description: described(name, input),
      required: textOf(input, 'required') === 'true',
      byDefault: textOf(input, 'default'),
    })),
    outputs: entriesOf(action, 'outputs').map(([name, output]) => ({
      name,
      description: described(name, output),
    })),
  };
}

function entriesOf(action: unknown, key: string): [string, unknown][] {
  const value = isJsonObject(action) ? action[key] : undefined;
  return isJsonObject(value) ? Object.entries(value) : [];
}

function described(name: string, value: unknown): string {
  const description = textOf(value, 'description').trim();
  if (description === '') throw new Error(`${name} has no description.`);
  return description;
}

function textOf(value: unknown, key: string): string {
  const text = isJsonObject(value) ? value[key] : undefined;
  return typeof text === 'string' ? text : '';
}
