import { UserError } from '../../errors.ts';
import { formatAge, bytes, count, minute } from '../../runner/format.ts';
import type { Search } from './search.ts';
import {
  type StoredArtifact,
  type StoredBackup,
  ignoredInWords,
  isBackup,
  newestFirst,
} from './stored-artifact.ts';

const MOST_LISTED = 10;

/** No such backup; the message lists the newest existing ones. */
export function notFound(search: Search, now: Date): UserError {
  return new UserError('storage', `${missing(search)} ${whatThereIs(search, now)}`, howToChoose(search));
}

function missing({ wanted, repository }: Search): string {
  switch (wanted.kind) {
    case 'latest':
      return wanted.backupName === undefined
        ? `backup: there is no backup in ${repository}.`
        : `backup-name: there is no backup of ${wanted.backupName} in ${repository}.`;
    case 'name':
      return `backup: there is no artifact named ${wanted.name} in ${repository}.`;
    case 'id':
      return `backup: there is no artifact with the id ${wanted.id} in ${repository}.`;
  }
}

/** The requested backup has expired. */
export function expired({ name, id, expiresAt }: StoredArtifact, search: Search, now: Date): UserError {
  const when = expiresAt === undefined ? 'has expired' : `expired on ${minute(expiresAt)}`;
  return new UserError(
    'storage',
    `backup: the artifact ${name} (${id}) of ${search.repository} ${when}. ${whatThereIs(search, now)}`,
    howToChoose(search),
  );
}

/** The one that is wanted was made by code that is not the repository's. */
export function notOwn({ name, id, origin }: StoredArtifact, repository: string): UserError {
  const why =
    origin === 'fork'
      ? 'was made by a pull request from a fork, with code that is not of this repository'
      : 'is one of which GitHub does not tell whose code made it (perhaps that of a fork which was deleted)';
  return new UserError(
    'storage',
    `backup: the artifact ${name} (${id}) of ${repository} ${why}. It is no backup of this repository.`,
    'Choose another one, or "latest". Anyone can open a pull request, and name an artifact like a backup.',
  );
}

/** There are several series to choose from. */
export function ambiguous(search: Search, now: Date): UserError {
  const newest = [...newestBySeries(search).values()].map(
    ({ backup, createdAt }) => `${backup.backupName} (the newest is ${age(createdAt, now)} old)`,
  );
  return new UserError(
    'storage',
    `backup-name: ${search.repository} contains backups of ${newest.length} series: ${newest.join('; ')}.`,
    'Set "backup-name" to one of them.',
  );
}

function whatThereIs(search: Search, now: Date): string {
  const all = search.artifacts.filter(isBackup).sort(newestFirst);
  const usable = all.filter(({ artifact }) => !artifact.expired);
  const chosen = usable.length > 0 ? usable : all;
  const limit = search.isComplete ? '' : ` (only its newest ${search.artifacts.length} were searched)`;
  const ignored = ignoredInWords(search.artifacts, undefined);
  const andIgnored = ignored === undefined ? '' : ` ${ignored}`;
  if (chosen.length === 0) {
    return search.artifacts.length === 0
      ? 'It has no artifacts.'
      : `It has ${count(search.artifacts.length, 'artifact')}${limit}, and none is a backup of this action.${andIgnored}`;
  }
  const listed = chosen.slice(0, MOST_LISTED).map(({ artifact }) => described(artifact, now));
  const more = chosen.length > listed.length ? `; and ${chosen.length - listed.length} more` : '';
  return `${usable.length > 0 ? 'There are' : 'All have expired'}${limit}: ${listed.join('; ')}${more}.${andIgnored}`;
}

function described(artifact: StoredArtifact, now: Date): string {
  const { name, id, size, createdAt, expiresAt } = artifact;
  const verb = artifact.expired ? 'expired' : 'expires';
  const expiry = expiresAt === undefined ? [] : [`${verb} ${minute(expiresAt)}`];
  return `${name} (${[`id ${id}`, `${age(createdAt, now)} old`, bytes(size), ...expiry].join(', ')})`;
}

function age(time: Date, now: Date): string {
  return formatAge(now.getTime() - time.getTime());
}

function howToChoose(search: Search): string {
  const series = [...newestBySeries(search).keys()];
  if (series.length === 0) {
    return 'Make a backup first. For a backup in another repository, set "repository" and "github-token"; for a file, set "path".';
  }
  return search.wanted.kind === 'latest'
    ? `Set "backup-name" to one of: ${series.join(', ')}; or "repository" if the backup is in another repository.`
    : 'Set "backup" to one of these names or ids, or to "latest"; or "repository" if the backup is in another repository.';
}

function newestBySeries({ artifacts }: Search): ReadonlyMap<string, StoredBackup> {
  const newest = new Map<string, StoredBackup>();
  for (const { artifact } of artifacts.filter(isBackup).sort(newestFirst)) {
    const { backupName } = artifact.backup;
    if (!artifact.expired && !newest.has(backupName)) newest.set(backupName, artifact);
  }
  return newest;
}
