import type { WantedBackup } from '../wanted-backup.ts';
import { log } from '../../runner/log.ts';
import { type ArtifactList, artifactList } from './artifact-list.ts';
import { type RepositoryAccess, connectToGitHub } from '../../github/github-api.ts';
import { GitHubRefusal } from '../../github/github-failure.ts';
import { type Stock, ambiguous, expired, notFound } from '../no-such-backup.ts';
import { notOwn } from './not-own.ts';
import { runArtifacts } from './run-artifacts.ts';
import { type Search, scan } from './search.ts';
import {
  type Located,
  type LocatedBackup,
  ignoredArtifacts,
  isBackup,
  newestFirst,
  withRecords,
} from './stored-artifact.ts';
import { storedFileOf } from './stored-file.ts';

/** How many artifacts an error counts: ten requests. */
const MOST_COUNTED = 1_000;

/**
 * Finds a backup in a repository. Those of this run are found with the runner's own token, so that a
 * restore in the same run needs no permission.
 *
 * @returns an unexpired artifact that was made by the repository's own code. One that is requested by name or id need not
 *   be of this action; its record, if there is one, need not be found yet.
 * @throws UserError when there is none, listing the existing ones, or several series to choose from; GitHubRefusal naming
 *   the permission to add; what `GitHubApi.call` throws.
 */
export async function findBackup(wanted: WantedBackup, access: RepositoryAccess): Promise<Located> {
  const ofRun = access.isOwnRepository ? withRecords(await runArtifacts(access.env, access)) : [];
  if (wanted.kind === 'latest') return findLatest(wanted, ofRun, access);
  const found = ofRun.toSorted(newestFirst).find(isWanted(wanted));
  if (found) return found;
  const list = artifactList(await connectToGitHub(access));
  return wanted.kind === 'name'
    ? findByName(wanted, list, search(wanted, ofRun, access), access)
    : findById(wanted, list, search(wanted, ofRun, access), access);
}

async function findLatest(
  wanted: WantedBackup & { kind: 'latest' },
  ofRun: readonly Located[],
  access: RepositoryAccess,
): Promise<Located> {
  const known = search(wanted, ofRun, access);
  const ofSeries = wanted.backupName === undefined ? undefined : isOfSeries(wanted.backupName);
  const searched = await listing(
    access,
    known,
    (seen) => ofSeries !== undefined && seen.some(ofSeries),
  ).catch((error: unknown) => {
    if (!(error instanceof GitHubRefusal) || !ofRun.some(ofSeries ?? isUsable)) throw error;
    log.info(`Only the artifacts of this run were searched: ${error.message}`);
    return known;
  });
  const ignored = ignoredArtifacts(searched.artifacts, wanted.backupName);
  if (ignored !== undefined) log.info(ignored);
  const usable = searched.artifacts.filter(isUsable).sort(newestFirst);
  const names = new Set(usable.map(({ artifact }) => artifact.backup.backupName));
  if (wanted.backupName === undefined && names.size > 1)
    throw ambiguous(stockOf(searched, access), new Date());
  const newest = usable.find(ofSeries ?? isUsable);
  if (newest) return newest;
  throw notFound(stockOf(searched, access), new Date());
}

async function findByName(
  wanted: WantedBackup & { kind: 'name' },
  list: ArtifactList,
  known: Search,
  access: RepositoryAccess,
): Promise<Located> {
  const { artifacts } = await scan(list.pages({ name: wanted.name }), known, () => false);
  const named = artifacts.filter(isWanted(wanted)).sort(newestFirst);
  const own = named.filter(({ artifact }) => artifact.origin === 'own');
  const newest = own.find(({ artifact }) => !artifact.expired) ?? own[0] ?? named[0];
  if (!newest) throw notFound(await stock(list, known, access), new Date());
  return unlessUnusable(newest, list, known, access);
}

async function findById(
  wanted: WantedBackup & { kind: 'id' },
  list: ArtifactList,
  known: Search,
  access: RepositoryAccess,
): Promise<Located> {
  const found = await list.byId(wanted.id).catch(async (error: unknown) => {
    if (!(error instanceof GitHubRefusal) || error.status !== 404) throw error;
    // The artifact or the repository does not exist; listing fails as well if it is the repository.
    throw notFound(await stock(list, known, access), new Date());
  });
  return unlessUnusable(found, list, known, access);
}

async function unlessUnusable(
  found: Located,
  list: ArtifactList,
  known: Search,
  access: RepositoryAccess,
): Promise<Located> {
  if (found.artifact.origin !== 'own') throw notOwn(found.artifact, known.repository);
  if (!found.artifact.expired) return found;
  throw expired(storedFileOf(found, access), await stock(list, known, access), new Date());
}

async function listing(
  access: RepositoryAccess,
  known: Search,
  isEnough: (seen: readonly Located[]) => boolean,
): Promise<Search> {
  return scan(artifactList(await connectToGitHub(access)).pages(), known, isEnough);
}

async function stock(list: ArtifactList, known: Search, access: RepositoryAccess): Promise<Stock> {
  return stockOf(await scan(list.pages(), known, () => false, MOST_COUNTED), access);
}

function stockOf({ wanted, repository, artifacts, isComplete }: Search, access: RepositoryAccess): Stock {
  return {
    wanted,
    store: repository,
    kind: 'artifact',
    backups: artifacts
      .filter(isBackup)
      .sort(newestFirst)
      .map((located) => ({ ...storedFileOf(located, access), expired: located.artifact.expired })),
    total: artifacts.length,
    isComplete,
    ignored: ignoredArtifacts(artifacts, undefined),
  };
}

function search(wanted: WantedBackup, ofRun: readonly Located[], access: RepositoryAccess): Search {
  const { owner, repo } = access.repository;
  return { wanted, repository: `${owner}/${repo}`, artifacts: ofRun, isComplete: true };
}

function isWanted(wanted: Exclude<WantedBackup, { kind: 'latest' }>): (located: Located) => boolean {
  return ({ artifact }) =>
    wanted.kind === 'name' ? artifact.name === wanted.name : artifact.id === wanted.id;
}

function isUsable(located: Located): located is LocatedBackup {
  return isBackup(located) && !located.artifact.expired;
}

function isOfSeries(backupName: string): (located: Located) => boolean {
  return (located) => isUsable(located) && located.artifact.backup.backupName === backupName;
}
