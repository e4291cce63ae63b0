import { UserError } from '../errors.ts';
import { formatAge, bytes, count, minute } from '../runner/format.ts';
import type { StoredBackup, StoredFile } from './store.ts';
import type { WantedBackup } from './wanted-backup.ts';

/** What was wanted, and what a search has found instead. */
export interface Stock {
  readonly wanted: WantedBackup;
  /** For messages: `example/shop`, `the folder ./backups`. */
  readonly store: string;
  /** What the store keeps. */
  readonly kind: 'artifact' | 'file' | 'object';
  /** The newest first, expired ones too. */
  readonly backups: readonly (StoredBackup & { readonly expired?: boolean })[];
  /** How many artifacts or files there are, whatever they are. */
  readonly total: number;
  /** False when there are too many to search them all. */
  readonly isComplete: boolean;
  /** What looks like a backup and is none, as a sentence. */
  readonly ignored: string | undefined;
}

const MOST_LISTED = 3;

/** No such backup; the message lists the newest existing ones. */
export function notFound(stock: Stock, now: Date): UserError {
  return new UserError('storage', `${missing(stock)} ${whatThereIs(stock, now)}`, howToChoose(stock));
}

function missing({ wanted, store, kind }: Stock): string {
  switch (wanted.kind) {
    case 'latest':
      return wanted.backupName === undefined
        ? `backup: there is no backup in ${store}.`
        : `backup-name: there is no backup of ${wanted.backupName} in ${store}.`;
    case 'name':
      return `backup: there is no ${kind} named ${wanted.name} in ${store}.`;
    case 'id':
      return `backup: there is no ${kind} with the id ${wanted.id} in ${store}.`;
  }
}

/** The requested backup has expired. */
export function expired({ name, location, expiresAt }: StoredFile, stock: Stock, now: Date): UserError {
  const when = expiresAt === undefined ? 'has expired' : `expired on ${minute(expiresAt)}`;
  return new UserError(
    'storage',
    `backup: the artifact ${name}${idOf(location)} of ${stock.store} ${when}. ${whatThereIs(stock, now)}`,
    howToChoose(stock),
  );
}

function idOf(location: StoredFile['location']): string {
  return location.kind === 'artifact' ? ` (${location.id})` : '';
}

/** There are several series to choose from. */
export function ambiguous(stock: Stock, now: Date): UserError {
  const newest = [...newestBySeries(stock).values()].map(
    ({ backup, createdAt }) => `${backup.backupName} (the newest is ${age(createdAt, now)} old)`,
  );
  return new UserError(
    'storage',
    `backup-name: ${stock.store} contains backups of ${newest.length} series: ${newest.join('; ')}.`,
    'Set "backup-name" to one of them.',
  );
}

function whatThereIs({ backups, kind, total, isComplete, ignored }: Stock, now: Date): string {
  const usable = backups.filter(({ expired: isExpired }) => isExpired !== true);
  const chosen = usable.length > 0 ? usable : backups;
  const limit = isComplete ? '' : ` (only its newest ${total} were searched)`;
  const andIgnored = ignored === undefined ? '' : ` ${ignored}`;
  if (chosen.length === 0) {
    return total === 0
      ? `It has no ${kind}s.`
      : `It has ${count(total, kind)}${limit}, and none is a backup of this action.${andIgnored}`;
  }
  const listed = chosen.slice(0, MOST_LISTED).map((backup) => described(backup, now));
  const others = chosen.length - listed.length;
  const more = others > 0 ? `; and ${count(others, 'other')}` : '';
  return `${usable.length > 0 ? 'There are' : 'All have expired'}${limit}: ${listed.join('; ')}${more}.${andIgnored}`;
}

function described(backup: Stock['backups'][number], now: Date): string {
  const { name, location, size, createdAt, expiresAt } = backup;
  const verb = backup.expired === true ? 'expired' : 'expires';
  const facts = [
    ...(location.kind === 'artifact' ? [`id ${location.id}`] : []),
    `${age(createdAt, now)} old`,
    bytes(size),
    ...(expiresAt === undefined ? [] : [`${verb} ${minute(expiresAt)}`]),
  ];
  return `${name} (${facts.join(', ')})`;
}

function age(time: Date, now: Date): string {
  return formatAge(now.getTime() - time.getTime());
}

function howToChoose(stock: Stock): string {
  const series = [...newestBySeries(stock).keys()];
  const isArtifact = stock.kind === 'artifact';
  const place = stock.kind === 'object' ? 'bucket' : 'folder';
  if (series.length === 0) {
    return isArtifact
      ? 'Make a backup first. For a backup in another repository, set "repository" and "github-token"; for a file, set "path".'
      : `Make a backup first. For another ${place}, set "storage"; for a file of another name, set "path".`;
  }
  const elsewhere = isArtifact
    ? 'or "repository" if the backup is in another repository.'
    : `or "storage" if the backup is in another ${place}.`;
  return stock.wanted.kind === 'latest'
    ? `Set "backup-name" to one of: ${series.join(', ')}; ${elsewhere}`
    : `Set "backup" to one of these names${isArtifact ? ' or ids' : ''}, or to "latest"; ${elsewhere}`;
}

function newestBySeries({ backups }: Stock): ReadonlyMap<string, StoredBackup> {
  const newest = new Map<string, StoredBackup>();
  for (const backup of backups) {
    const { backupName } = backup.backup;
    if (backup.expired !== true && !newest.has(backupName)) newest.set(backupName, backup);
  }
  return newest;
}
