import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { artifactList } from '../../../src/storage/artifact/artifact-list.ts';
import { connectToGitHub } from '../../../src/github/github-api.ts';
import { type Search, scan } from '../../../src/storage/artifact/search.ts';
import { type ArtifactService, startArtifactService } from '../../support/artifact-service.ts';
import { accessTo } from './store-bed.ts';

let service: ArtifactService;
beforeAll(async () => {
  service = await startArtifactService();
  for (let number = 0; number < 230; number++) await service.seed({ name: `log-${number}`, content: 'x' });
});
afterAll(() => service.stop());

const known: Search = {
  wanted: { kind: 'latest', backupName: 'shop' },
  repository: 'example/shop',
  artifacts: [],
  isComplete: true,
};

it('a search returns every artifact of every page once', async () => {
  const list = artifactList(await connectToGitHub(accessTo(service)));
  const { artifacts, isComplete } = await scan(list.pages(), known, () => false);
  expect(new Set(artifacts.map(({ artifact }) => artifact.name)).size).toBe(230);
  expect(isComplete).toBe(true);
});

it('a search of a repository with too many artifacts ends, and reports that it is incomplete', async () => {
  const list = artifactList(await connectToGitHub(accessTo(service)));
  const found = await scan(list.pages(), known, () => false, 150);
  expect(found).toMatchObject({ isComplete: false, artifacts: { length: 200 } });
});

it('a search of a repository with exactly as many artifacts as its limit is complete', async () => {
  const list = artifactList(await connectToGitHub(accessTo(service)));
  expect(await scan(list.pages(), known, () => false, 230)).toMatchObject({ isComplete: true });
});
