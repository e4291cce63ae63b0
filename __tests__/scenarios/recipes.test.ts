import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { markdownFiles } from '../../scripts/docs/markdown-files.ts';
import { snippetsOf } from '../../scripts/docs/snippets.ts';
import { type RecipeBed, startRecipeBed } from './recipe-bed.ts';
import { PAGE_RECIPES } from './recipes-pages.ts';
import { README_RECIPES, type Recipe } from './recipes-readme.ts';

const documented = new Map(
  markdownFiles()
    .flatMap(snippetsOf)
    .map(({ section, workflow }) => [section, workflow]),
);
const RECIPES = { ...README_RECIPES, ...PAGE_RECIPES };
/** Workflows of the documentation that cannot be run here, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {};

describe('every workflow of the documentation', () => {
  it('is run by a test, or listed with the reason why it cannot be', () => {
    expect(Object.keys({ ...RECIPES, ...NOT_RUN }).sort()).toEqual([...documented.keys()].sort());
  });

  it('of the README is copied in the order in which a reader finds it', () => {
    const inReadme = [...documented.keys()].filter((section) => section.startsWith('README.md: '));
    expect(Object.keys(README_RECIPES)).toEqual(inReadme);
  });
});

describe('a reader who copies the workflows one after the other (thorough)', () => {
  let bed: RecipeBed;
  beforeAll(async () => {
    bed = await startRecipeBed();
  });
  afterAll(() => bed.stop());

  const copy = (section: string, recipe: Recipe): Promise<void> => recipe(bed, documented.get(section) ?? '');

  it.each(Object.entries(README_RECIPES))('succeeds with %s', copy);

  describe('and has one more night', () => {
    beforeAll(() => copy('README.md: Start', README_RECIPES['README.md: Start']));

    it.each(Object.entries(PAGE_RECIPES))('succeeds with %s', copy);
  });
});
