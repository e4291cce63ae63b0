import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** A Markdown file of the repository. */
export interface MarkdownFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** The documentation: all Markdown files except those of dependencies and of the demo. */
export function markdownFiles(): MarkdownFile[] {
  return globSync(['*.md', '{restore,prune,check}/*.md', 'docs/**/*.md', '.github/**/*.md'], { cwd: ROOT })
    .map((file) => file.split(path.sep).join('/'))
    .sort()
    .map((file) => ({ path: file, text: readFileSync(path.join(ROOT, file), 'utf8') }));
}
