import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { markdownFiles } from '../../scripts/docs/markdown-files.ts';
import { REPOSITORY_ROOT } from '../support/node-program.ts';

const files = new Map(markdownFiles().map(({ path: file, text }) => [file, text]));

/** The anchors that GitHub gives the headings of a file. */
function anchorsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```[^]*?^ *```$/gm, '');
}

/** Links and pictures that stay within the repository: the target and the file that has them. */
const links = [...files].flatMap(([file, text]) =>
  [...withoutCode(text).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']): [string, string] => [
    target,
    file,
  ]),
);

/** The file that a link in another file leads to. */
const targetOf = (target: string, file: string): string => {
  const [page = ''] = target.split('#');
  return page === '' ? file : path.posix.join(path.posix.dirname(file), page);
};

describe('the links of the documentation', () => {
  it('are found', () => {
    expect(links.length).toBeGreaterThan(20);
    expect(anchorsOf("## Prisma's `prisma+postgres://` URLs end on 2026-12-01\n")).toEqual([
      'prismas-prismapostgres-urls-end-on-2026-12-01',
    ]);
  });

  it.each(links)('%s in %s has a target that exists', (target, file) => {
    const [, anchor] = target.split('#');
    const found = targetOf(target, file);
    expect(existsSync(path.join(REPOSITORY_ROOT, found))).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(files.get(found) ?? '')).toContain(anchor);
  });

  it('lead from the README to every page, in two steps at most', () => {
    const linkedFrom = (pages: readonly string[]): string[] =>
      links.filter(([, file]) => pages.includes(file)).map(([target, file]) => targetOf(target, file));
    const first = linkedFrom(['README.md']);
    const reached = ['README.md', ...first, ...linkedFrom(first)];
    const pages = [...files.keys()].filter((file) => !file.startsWith('.github/'));
    expect(pages.filter((page) => !reached.includes(page))).toEqual([]);
  });
});
