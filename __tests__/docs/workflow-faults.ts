import { execFile } from 'node:child_process';
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/action-parser';

/** What GitHub's own parser, which knows the schema of workflows, finds wrong with one: its messages. */
export async function workflowFaults(name: string, content: string): Promise<string[]> {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  const faults = context.errors.getErrors().map(({ message }) => message);
  if (faults.length > 0 || !value) return faults;
  const { errors = [] } = await convertWorkflowTemplate(context, value);
  return errors.map(({ Message }) => Message);
}

/** The same for an `action.yml`. */
export function actionFaults(name: string, content: string): string[] {
  const { context } = parseAction({ name, content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

/** What `actionlint` finds wrong with workflow files; empty when nothing. Scripts in them are left to others. */
export async function actionlintFaults(program: string, files: readonly string[]): Promise<string> {
  const args = ['-no-color', '-shellcheck=', '-pyflakes=', ...files];
  return new Promise((resolve) => {
    execFile(program, args, (error, stdout, stderr) => {
      resolve(error ? `${stdout}${stderr}` || error.message : '');
    });
  });
}
