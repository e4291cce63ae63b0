import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { cancelledOr } from '../../errors.ts';
import { type RepositoryAccess, connectToGitHub } from '../../github/github-api.ts';
import { GitHubRefusal } from '../../github/github-failure.ts';
import { retryTransient } from '../../runner/retry-policy.ts';
import { recordName } from '../backup-file-name.ts';
import { contentChunks } from '../content-chunks.ts';
import { parseRecord, unusableRecord } from '../parse-record.ts';
import { LARGEST_RECORD_BYTES } from '../record.ts';
import type { BackupReader, StoredBackup, StoredFile } from '../store.ts';
import { undelivered } from '../undelivered.ts';
import { artifactList } from './artifact-list.ts';
import { deleteArtifact } from './delete-artifact.ts';
import { findBackup } from './find-backup.ts';
import { scan } from './search.ts';
import { findSeries } from './series.ts';
import type { Located, LocatedFile } from './stored-artifact.ts';
import { storedFileOf } from './stored-file.ts';
import { signedContent } from './signed-url.ts';

/** Access to the backups of a repository. */
export interface ArtifactAccess extends RepositoryAccess {
  /** What the job needs, so that a refusal names it at once. */
  readonly permission: 'read' | 'write';
}

/** The artifacts of a repository, as a store of backups that can be read and removed. */
export function artifactReader(access: ArtifactAccess): BackupReader {
  const { owner, repo } = access.repository;
  const sources = new WeakMap<StoredFile, Located>();
  const remember = <T extends StoredFile>(file: T, located: Located): T => {
    sources.set(file, located);
    return file;
  };
  const sourceOf = (file: StoredFile): Located => {
    const located = sources.get(file);
    if (!located) throw new Error(`${file.name} is not a file of this store.`);
    return located;
  };
  return {
    name: `${owner}/${repo}`,
    async list(backupName) {
      const series = await findSeries(await connectToGitHub(access), backupName, access.permission);
      const stored = (located: LocatedFile): StoredBackup => remember(storedFileOf(located, access), located);
      return {
        ...series,
        backups: series.backups.map(stored),
        unfinished: series.unfinished.map(stored),
      };
    },
    async find(wanted) {
      const located = await findBackup(wanted, access);
      return remember(storedFileOf(located, access), located);
    },
    open: async (file) => openContent(sourceOf(file), access),
    async record(file) {
      const record = await recordOf(sourceOf(file), access);
      if (!record) return undefined;
      if (record.artifact.size > LARGEST_RECORD_BYTES) throw unusableRecord(file.name, 'it is too large');
      const bytes = await retryTransient('The record', access, async () =>
        buffer(await openContent(record, access)),
      ).catch((error: unknown) => {
        throw cancelledOr(access.signal, () => undelivered(record.artifact.name, error));
      });
      return parseRecord(bytes, file);
    },
    async remove(file) {
      const located = sourceOf(file);
      const api = await connectToGitHub(access);
      if (located.record) await deleteArtifact(api, located.record.artifact.id);
      // A list of many pages that others shorten meanwhile lacks some artifacts.
      else if (await recordOf(located, access)) return;
      await deleteArtifact(api, located.artifact.id);
    },
  };
}

async function openContent({ artifact, signedUrl }: Located, access: ArtifactAccess): Promise<Readable> {
  const url = await signedUrl();
  return Readable.from(contentChunks(signedContent(url), artifact.size, access), { objectMode: false });
}

/** One that was asked for by its name or id was found without its record. */
async function recordOf(located: Located, access: ArtifactAccess): Promise<Located | undefined> {
  const { artifact, record } = located;
  if (record || !artifact.backup) return record;
  const known = {
    wanted: { kind: 'name', name: artifact.name } as const,
    repository: `${access.repository.owner}/${access.repository.repo}`,
    artifacts: [located],
    isComplete: true,
  };
  try {
    const list = artifactList(await connectToGitHub(access));
    const pages = list.pages({ name: recordName(artifact.name) });
    const { artifacts } = await scan(pages, known, () => false);
    return artifacts.find(({ artifact: { id } }) => id === artifact.id)?.record;
  } catch (error) {
    // An artifact of this run is found without any permission, and its run has no record of it.
    if (error instanceof GitHubRefusal) return undefined;
    throw error;
  }
}
