import { setTimeout as pause } from 'node:timers/promises';
import type { RepositoryAccess } from '../../../src/github/github-api.ts';
import type { ArtifactSettings } from '../../../src/storage/artifact/artifact-writer.ts';
import type { ArtifactService } from '../../support/artifact-service.ts';

const START = Date.now();

/** Gives up sooner than users would want, so that tests of failures are short. */
export const IMPATIENCE = { attempts: 2, attemptMs: 20_000, longestWaitMs: 3_000 };
/** The same for what never answers. An attempt that is answered must still have time on a busy machine. */
export const HASTE = { ...IMPATIENCE, attemptMs: 3_000 };

/** Access to the service's own repository from a job in it, in the run 1. */
export function accessTo(
  service: ArtifactService,
  changes: Partial<RepositoryAccess> = {},
): RepositoryAccess {
  const [owner = '', repo = ''] = service.repository.split('/');
  return {
    repository: { owner, repo },
    isOwnRepository: true,
    token: service.githubToken,
    env: environmentOf(service),
    signal: new AbortController().signal,
    retries: IMPATIENCE,
    ...changes,
  };
}

/** What the runner tells a job of run 1. */
export function environmentOf(service: ArtifactService): NodeJS.ProcessEnv {
  return {
    GITHUB_API_URL: service.apiUrl,
    GITHUB_RUN_ID: '1',
    ACTIONS_RUNTIME_TOKEN: service.runtimeToken,
    ACTIONS_RESULTS_URL: service.resultsUrl,
  };
}

/** What a writer of artifacts needs; it becomes the environment of this process, which GitHub's client reads. */
export function processSettings(service: ArtifactService, folder: string): ArtifactSettings {
  Object.assign(process.env, environmentOf(service));
  return { env: process.env, retention: { askedDays: 1, grantedDays: 1 }, folder };
}

/** The name of a backup that was taken a number of hours ago. */
export function backupFile(series: string, hoursAgo: number, suffix = ''): string {
  const time = hoursBefore(hoursAgo).toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
  return `${series}-${time}-01234567.bak${suffix}`;
}

/** Counted from when the tests began, so that the same hours are always the same time. */
export function hoursBefore(hours: number): Date {
  return new Date(START - hours * 3_600_000);
}

/** Waits until something has happened; a test that waits in vain is ended by jest. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(10);
}
