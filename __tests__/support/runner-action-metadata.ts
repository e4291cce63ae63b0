import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type JsonObject, isJsonObject } from './artifact-service-http.ts';

/** What the runner needs to know of an `action.yml`. */
export interface ActionMetadata {
  /** Each input's default, `''` when it has none; `${{ … }}` not yet evaluated. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
  /** Absolute path. */
  readonly main: string;
  readonly post?: string;
  readonly postIf: string;
}

/**
 * Reads the `action.yml` of a folder.
 *
 * @throws Error when it is not a JavaScript action on node24: the test bed runs no other kind.
 */
export async function readActionMetadata(folder: string): Promise<ActionMetadata> {
  const file = join(folder, 'action.yml');
  // With this schema every scalar is a string, which is how the runner reads `default: 30` and `default: false`.
  const document = object(parse(await readFile(file, 'utf8'), { schema: 'failsafe' }));
  const runs = object(document['runs']);
  if (runs['using'] !== 'node24')
    throw new Error(`${file} says "using: ${text(runs['using'])}", not node24.`);
  if (text(runs['main']) === '') throw new Error(`${file} has no "main".`);
  const post = text(runs['post']);
  const inputs = Object.entries(object(document['inputs']));
  return {
    inputs: Object.fromEntries(inputs.map(([name, input]) => [name, text(object(input)['default'])])),
    outputs: Object.keys(object(document['outputs'])),
    main: join(folder, text(runs['main'])),
    ...(post === '' ? {} : { post: join(folder, post) }),
    postIf: text(runs['post-if']) || 'always()',
  };
}

/**
 * All declared inputs with their values: given, else the default, else empty.
 *
 * @param contexts what `${{ github.token }}` and the like in a default stand for, nested by the dots.
 * @throws Error when an input is given that the action does not declare: the real runner only warns, but in a
 *   test it is a mistake.
 */
export function inputValues(
  metadata: ActionMetadata,
  given: Readonly<Record<string, string>>,
  contexts: JsonObject,
): Record<string, string> {
  const unknown = Object.keys(given).filter((name) => !(name in metadata.inputs));
  if (unknown.length > 0) throw new Error(`action.yml declares no input named ${unknown.join(', ')}.`);
  return Object.fromEntries(
    Object.entries(metadata.inputs).map(([name, byDefault]) => [
      name,
      given[name] ?? evaluate(byDefault, contexts),
    ]),
  );
}

/** Replaces each `${{ a.b.c }}`; a name that leads nowhere is empty, as for the real runner. */
function evaluate(template: string, contexts: JsonObject): string {
  return template.replace(/\$\{\{(.*?)\}\}/gs, (whole, expression: string) => {
    const path = expression.trim().split('.');
    if (!path.every((part) => /^[\w-]+$/.test(part)) || !(path[0] !== undefined && path[0] in contexts)) {
      throw new Error(`The test bed cannot evaluate ${whole}.`);
    }
    const value = path.reduce<unknown>((at, part) => (isJsonObject(at) ? at[part] : undefined), contexts);
    return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
  });
}

function object(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
