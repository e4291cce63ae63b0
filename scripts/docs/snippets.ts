// Finds the workflows, jobs and steps that the documentation shows, and makes whole workflows of them: pure.
import { parseDocument } from 'yaml';
import { isJsonObject } from '../../src/github/json.ts';
import type { MarkdownFile } from './markdown-files.ts';

/** A piece of a workflow in the documentation. */
export interface Snippet {
  /** The file and the line where it begins, as editors understand it. */
  readonly at: string;
  /** The file and the heading above it, with a number where it is not the first there: `README.md: Start`. */
  readonly section: string;
  /** As it stands there, without the indentation that all its lines share. */
  readonly text: string;
  /** A whole workflow that contains it. */
  readonly workflow: string;
}

const FENCE = /^( *)(`{3,}|~{3,})\s*(\S*)/;

/** What a workflow needs beside jobs, and a job beside steps. */
const WORKFLOW_START = 'on: push\n';
const JOB_START = 'jobs:\n  job:\n    runs-on: ubuntu-latest\n';

/**
 * Every YAML block of a file that is part of a workflow. Other YAML (an `action.yml`, say) is left out.
 *
 * @throws Error when a block is not YAML at all.
 */
export function snippetsOf(file: MarkdownFile): Snippet[] {
  return yamlBlocks(file).flatMap(({ at, section, text }) => {
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error) throw new Error(`${at}: ${error.message}`);
    const workflow = wholeWorkflow(text, document.toJS());
    return workflow === undefined ? [] : [{ at, section, text, workflow }];
  });
}

/** Undefined for what is no part of a workflow. */
function wholeWorkflow(text: string, value: unknown): string | undefined {
  if (Array.isArray(value)) {
    return value.some((item) => isJsonObject(item) && ('uses' in item || 'run' in item))
      ? `${WORKFLOW_START}${JOB_START}    steps:\n${indented(text, 6)}`
      : undefined;
  }
  if (!isJsonObject(value)) return undefined;
  if ('jobs' in value) return 'on' in value ? text : `${WORKFLOW_START}${text}`;
  // `permissions:` and `on:` stand beside jobs, and `steps:` in one: a block with both is cut out of a job of its own.
  if ('steps' in value) return jobOf(text, value);
  if ('on' in value) return `${text}\n${JOB_START}    steps:\n      - run: 'true'\n`;
  return undefined;
}

function jobOf(text: string, value: object): string {
  const head = 'runs-on' in value ? 'jobs:\n  job:\n' : JOB_START;
  return `${WORKFLOW_START}${head}${indented(text, 4)}`;
}

function yamlBlocks({ path, text }: MarkdownFile): Omit<Snippet, 'workflow'>[] {
  const blocks: Omit<Snippet, 'workflow'>[] = [];
  let open: { line: number; fence: string; language: string; lines: string[] } | undefined;
  let heading = '';
  let inSection = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const [, , fence = '', language = ''] = FENCE.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== '') open = { line: index + 2, fence, language, lines: [] };
      const [, title] = /^#{1,6} (.*)$/.exec(line) ?? [];
      if (title !== undefined) [heading, inSection] = [title, 0];
    } else if (line.trim() === open.fence) {
      if (/^ya?ml$/.test(open.language)) {
        const number = (inSection += 1) === 1 ? '' : ` (${inSection})`;
        const section = `${path}: ${heading}${number}`;
        blocks.push({ at: `${path}:${open.line}`, section, text: dedented(open.lines) });
      }
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  return blocks;
}

function dedented(lines: readonly string[]): string {
  const depths = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  const depth = Math.min(...depths, Infinity);
  return `${lines.map((line) => line.slice(depth)).join('\n')}\n`;
}

function indented(text: string, spaces: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(spaces));
}
