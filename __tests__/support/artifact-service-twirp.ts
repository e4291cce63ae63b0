import type { BlobStore } from './artifact-service-blobs.ts';
import { type JsonObject, Refusal, textField } from './artifact-service-http.ts';
import type { ArtifactRecord, ArtifactRecords } from './artifact-service-records.ts';
import type { RuntimeScope } from './artifact-service-tokens.ts';

/** What the calls work with. */
export interface TwirpContext {
  readonly records: ArtifactRecords;
  /** `owner/name`: where all runs that have a runtime token are. */
  readonly repository: string;
  readonly blobs: BlobStore;
  /** The origin under which clients reach the blobs. */
  readonly blobOrigin: () => string;
  /** What the repository grants at most, in days. */
  readonly maximumRetentionDays: number;
  /** The digest that the service is to record instead of the client's. */
  readonly digestOverride: () => string | undefined;
}

type Call = (
  context: TwirpContext,
  scope: RuntimeScope,
  body: JsonObject,
) => Promise<JsonObject> | JsonObject;

const DAY_MS = 86_400_000;
const DEFAULT_RETENTION_DAYS = 90;

/**
 * The calls of `github.actions.results.api.v1.ArtifactService`, in proto JSON: snake_case names, 64-bit numbers
 * as strings, wrapped strings plain, default values left out (`@actions/artifact`, `generated/results/api/v1`).
 */
export const twirpCalls: Readonly<Record<string, Call>> = {
  CreateArtifact({ records, repository, blobs, blobOrigin, maximumRetentionDays }, scope, body) {
    const asked = textField(body, 'expires_at');
    const latest = Date.now() + maximumRetentionDays * DAY_MS;
    const expiry = asked === '' ? Date.now() + DEFAULT_RETENTION_DAYS * DAY_MS : Date.parse(asked);
    if (Number.isNaN(expiry)) throw invalid('expires_at is not a time');
    const name = textField(body, 'name');
    if (name === '') throw invalid('name is required');
    const version = body['version'];
    if (typeof version !== 'number') throw invalid('version is required');
    const record = records.create({
      ...scope,
      repository,
      name,
      mimeType: textField(body, 'mime_type'),
      version,
      expiresAt: new Date(Math.min(expiry, latest)),
    });
    return { ok: true, signed_upload_url: blobOrigin() + blobs.uploadPath(record.blobName) };
  },

  async FinalizeArtifact({ records, blobs, digestOverride }, scope, body) {
    const record = ownArtifact(records, scope, (other) => other.name === textField(body, 'name'));
    const size = Number(textField(body, 'size'));
    const stored = await blobs.size(record.blobName);
    if (stored !== size) throw invalid(`size is ${size} but ${stored ?? 'no'} bytes were uploaded`);
    const { id } = records.finalize(record.id, size, digestOverride() ?? textField(body, 'hash'));
    return { ok: true, artifact_id: String(id) };
  },

  ListArtifacts({ records }, scope, body) {
    const name = textField(body, 'name_filter');
    const id = textField(body, 'id_filter');
    const listed = records
      .all()
      .filter((record) => record.finalized && record.runBackendId === scope.runBackendId)
      .filter((record) => (name === '' || record.name === name) && (id === '' || String(record.id) === id));
    return { artifacts: listed.map(asMessage) };
  },

  GetSignedArtifactURL({ records, blobs, blobOrigin }, scope, body) {
    const name = textField(body, 'name');
    const job = textField(body, 'workflow_job_run_backend_id');
    const record = ownArtifact(
      records,
      scope,
      (other) => other.finalized && other.name === name && other.jobBackendId === job,
    );
    return { signed_url: blobOrigin() + blobs.downloadPath(record.blobName, fileNameOf(record)) };
  },

  async DeleteArtifact({ records, blobs }, scope, body) {
    const name = textField(body, 'name');
    const record = ownArtifact(records, scope, (other) => other.finalized && other.name === name);
    records.remove(record.id);
    await blobs.remove(record.blobName);
    return { ok: true, artifact_id: String(record.id) };
  },
};

/** The name under which a browser would save the artifact: unzipped ones are the file itself. */
export function fileNameOf(record: ArtifactRecord): string {
  return record.mimeType === 'application/zip' ? `${record.name}.zip` : record.name;
}

function asMessage(record: ArtifactRecord): JsonObject {
  return {
    workflow_run_backend_id: record.runBackendId,
    workflow_job_run_backend_id: record.jobBackendId,
    database_id: String(record.id),
    name: record.name,
    size: String(record.size),
    created_at: record.createdAt.toISOString(),
    ...(record.digest === '' ? {} : { digest: record.digest }),
  };
}

function ownArtifact(
  records: ArtifactRecords,
  scope: RuntimeScope,
  matches: (record: ArtifactRecord) => boolean,
): ArtifactRecord {
  const found = records.find((record) => record.runBackendId === scope.runBackendId && matches(record));
  if (!found) throw new Refusal(404, { code: 'not_found', msg: 'artifact not found' });
  return found;
}

function invalid(msg: string): Refusal {
  return new Refusal(400, { code: 'invalid_argument', msg });
}
