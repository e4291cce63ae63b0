import { Evaluator, Lexer, Parser, data } from '@actions/expressions';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';

/** What the expressions of a workflow can name: `github`, `secrets`, `steps` and so on. */
export type Contexts = Readonly<Record<string, unknown>>;

/** Replaces each `${{ … }}` by its value, as GitHub's own evaluator finds it; a name that leads nowhere is empty. */
export function interpolate(text: string, contexts: Contexts): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    evaluate(expression, contexts, false).coerceString(),
  );
}

/** Whether a job or step with this `if:` runs; without a function of the status, only where nothing has failed. */
export function meets(condition: string, contexts: Contexts, hasFailed: boolean): boolean {
  const [, inner = condition] = /^\s*\$\{\{(.*)\}\}\s*$/s.exec(condition) ?? [];
  if (hasFailed && !/\b(?:success|failure|always|cancelled)\(\)/.test(inner)) return false;
  const value = evaluate(inner, contexts, hasFailed);
  return !(value instanceof data.Null) && !['', 'false', '0'].includes(value.coerceString());
}

function evaluate(expression: string, contexts: Contexts, hasFailed: boolean): data.ExpressionData {
  const known: unknown = JSON.parse(JSON.stringify(contexts), data.reviver);
  if (!(known instanceof data.Dictionary)) throw new Error('The contexts are no object.');
  const functions = statusFunctions(hasFailed);
  const tree = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), functions).parse();
  return new Evaluator(tree, known, new Map(functions.map((each) => [each.name, each]))).evaluate();
}

function statusFunctions(hasFailed: boolean): FunctionDefinition[] {
  const answers = { success: !hasFailed, failure: hasFailed, always: true, cancelled: false };
  return Object.entries(answers).map(([name, answer]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(answer),
  }));
}
