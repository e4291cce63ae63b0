import { createHash } from 'node:crypto';
import { cancelledOr } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { UnexpectedResponse, textOf, wholeNumberOf } from '../../github/json.ts';
import { readBackupFileName, recordName } from '../backup-file-name.ts';
import type { BlockSink } from '../block-sink.ts';
import { type BackupRecord, serializeRecord } from '../record.ts';
import type { BackupWriter, FileFacts, PendingBackup, StoredBackup } from '../store.ts';
import { type ArtifactClient, runService } from './artifact-client.ts';
import { type BlobBlocks, blobBlocks } from './blob-blocks.ts';
import { afterDeletion, deleteOwnArtifact, noteUnverified, notDeleted } from './delete-own-artifact.ts';
import { loadToolkit, uploadRecord } from './record-upload.ts';
import { type Retention, expiry } from './retention.ts';
import { verifyStoredCopy } from './stored-copy.ts';
import { uploadFailure } from './upload-error.ts';

/** The version of the protocol that has unzipped artifacts, and types (`upload-artifact.js` and `types.js` of `@actions/artifact`). */
const VERSION = 7;
const BACKUP_TYPE = 'application/octet-stream';

/** What an artifact is made through. */
interface Service extends Pick<ArtifactClient, 'call'> {
  readonly settings: ArtifactSettings;
  readonly signal: AbortSignal;
}

/** What the artifacts of a run need of the job. */
export interface ArtifactSettings {
  /** That of the process: GitHub's client, which uploads the record, reads no other. */
  readonly env: NodeJS.ProcessEnv;
  readonly retention: Retention;
  /** The work folder. */
  readonly folder: string;
}

/**
 * The artifacts of this run, to write to. An artifact is the file itself, not a zip archive of it; its record is a second one.
 *
 * A service that never answers takes 87 s at each call; a storage, see {@link BlockSink}.
 */
export function artifactWriter(settings: ArtifactSettings): BackupWriter {
  return {
    async begin(name, { signal }) {
      try {
        const client = runService(settings.env, { signal });
        if (!client) throw new UnexpectedResponse('the token of this job contains no run');
        const pending = await PendingArtifact.begin(name, { call: client.call, settings, signal });
        // For the record, while the dump runs; if it fails, it fails there.
        loadToolkit().catch(() => undefined);
        return pending;
      } catch (error) {
        throw cancelledOr(signal, () => uploadFailure(error));
      }
    },
  };
}

class PendingArtifact implements PendingBackup {
  readonly name = 'the artifact storage';
  readonly sink: BlockSink;
  readonly #blob: BlobBlocks;
  readonly #artifact: string;
  readonly #service: Service;
  readonly #aborted: AbortController;
  /** Of the artifact, as soon as it is there and is the file. */
  #id: number | undefined;
  /** Whether the artifact may be there. */
  #isVisible = false;

  private constructor(artifact: string, service: Service, blob: BlobBlocks, aborted: AbortController) {
    this.#artifact = artifact;
    this.#service = service;
    this.#blob = blob;
    this.sink = blob.sink;
    this.#aborted = aborted;
  }

  static async begin(name: string, service: Service): Promise<PendingArtifact> {
    const aborted = new AbortController();
    const signal = AbortSignal.any([service.signal, aborted.signal]);
    const blob = await createArtifact({ ...service, signal }, name);
    return new PendingArtifact(name, service, blob, aborted);
  }

  readonly progress = (): number => this.sink.progress;

  readonly commit = async (file: FileFacts): Promise<undefined> => {
    const name = this.#artifact;
    if (file.size === 0) throw new Error('The archive is empty.');
    await this.#orWithdraw(async () => {
      await this.#blob.commit();
      // From here on the artifact may be there, whatever becomes of the answer.
      noteUnverified(name);
      this.#isVisible = true;
      this.#id = await finalizeArtifact(this.#service, name, file);
      await verifyStoredCopy({ name, ...file }, this.#service.settings.env, this.#service);
      log.info('Read back from the artifact service: size and SHA-256 match the verified file');
    });
  };

  readonly finish = async (record: BackupRecord): Promise<StoredBackup> => {
    const id = this.#id;
    if (id === undefined) throw new Error(`The artifact ${this.#artifact} was not committed.`);
    const name = recordName(this.#artifact);
    const content = serializeRecord(record);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const { settings, signal } = this.#service;
    await this.#orWithdraw(async () => {
      await uploadRecord({ name, content, ...settings, signal });
      await verifyStoredCopy({ name, size: content.length, sha256 }, settings.env, this.#service);
    });
    noteUnverified(undefined);
    return storedBackup(this.#artifact, id, record, this.#service);
  };

  readonly abort = async (): Promise<void> => {
    this.#aborted.abort();
    this.sink.on('error', () => undefined).destroy();
    if (!this.#isVisible) return;
    const { settings, signal } = this.#service;
    this.#isVisible = false;
    const withdrawal = await deleteOwnArtifact(this.#artifact, settings.env, signal);
    if (withdrawal.kind === 'left') throw notDeleted(this.#artifact, withdrawal.why);
  };

  async #orWithdraw(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const reason = cancelledOr(this.#service.signal, () => uploadFailure(error));
      throw this.#isVisible ? await this.#withdrawn(reason) : reason;
    }
  }

  /** Deletes the artifact, and adds to the reason the result. */
  async #withdrawn(reason: unknown): Promise<unknown> {
    const { settings, signal } = this.#service;
    this.#isVisible = false;
    const withdrawal = await deleteOwnArtifact(this.#artifact, settings.env, signal);
    return afterDeletion(reason, this.#artifact, withdrawal);
  }
}

/** The artifact as the store lists it from now on. */
function storedBackup(
  name: string,
  id: number,
  { file: { size, sha256 } }: BackupRecord,
  { settings: { env, retention } }: Service,
): StoredBackup {
  const backup = readBackupFileName(name);
  if (!backup) throw new Error(`${name} is not the name of a backup.`);
  const { GITHUB_SERVER_URL: server = 'https://github.com', GITHUB_REPOSITORY: repository = '' } = env;
  const createdAt = new Date();
  return {
    ...{ name, size, sha256, backup, createdAt, expiresAt: expiry(createdAt, retention) },
    location: {
      kind: 'artifact',
      id,
      page: `${server}/${repository}/actions/runs/${env['GITHUB_RUN_ID'] ?? ''}/artifacts/${id}`,
    },
  };
}

/** @returns what takes the content of a new artifact, which nobody can see yet. */
async function createArtifact({ call, settings, signal }: Service, name: string): Promise<BlobBlocks> {
  const answer = await call('CreateArtifact', {
    name,
    version: VERSION,
    mime_type: BACKUP_TYPE,
    expires_at: expiry(new Date(), settings.retention).toISOString(),
  });
  // Loaded here, because loading it takes longer than everything else together.
  const { AnonymousCredential, BlockBlobClient } = await import('@azure/storage-blob');
  // The writer tries again itself: the client would neither end a request that stands still, nor tell of it.
  const options = { retryOptions: { maxTries: 1 } };
  const blob = new BlockBlobClient(textOf(answer['signed_upload_url']), new AnonymousCredential(), options);
  return blobBlocks(blob, BACKUP_TYPE, signal);
}

/** Makes it an artifact that everybody can see. @returns its id. */
async function finalizeArtifact(
  { call }: Service,
  name: string,
  { size, sha256 }: FileFacts,
): Promise<number> {
  const answer = await call('FinalizeArtifact', { name, size: String(size), hash: `sha256:${sha256}` });
  return wholeNumberOf(answer['artifact_id']);
}
