import { createHash } from 'node:crypto';
import { type JsonObject, Refusal } from './artifact-service-http.ts';
import type { ArtifactRecord, ArtifactRecords } from './artifact-service-records.ts';

/** What the REST calls work with. */
export interface RestContext {
  readonly records: ArtifactRecords;
  /** What a token may do; undefined when GitHub does not know it. */
  readonly grantOf: (token: string) => Grant | undefined;
  readonly apiUrl: string;
  /** Of every repository. */
  readonly visibility: RepositoryVisibility;
  readonly pushedAt: Date;
  readonly downloadUrl: (record: ArtifactRecord) => string;
  readonly removeBlob: (record: ArtifactRecord) => Promise<void>;
}

/** Who can see a repository. */
export type RepositoryVisibility = 'public' | 'private' | 'internal';

/** What a token may do. */
export interface Grant {
  /** `owner/name` of the repositories that it sees; any other does not exist for it. */
  readonly repositories: readonly string[];
  /** The permission `actions` in them. */
  readonly actions: 'none' | 'read' | 'write';
}

/** An answer: with a body, or with a place to go. */
export interface RestAnswer {
  readonly status: number;
  readonly body?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

const MAX_PER_PAGE = 100;
const DEFAULT_PER_PAGE = 30;

/**
 * GitHub's REST calls on artifacts: listing (of the repository or of one run), one, its content, deleting; and the
 * repository itself, for which a token needs no permission (`metadata: read` is in every one).
 *
 * @throws Refusal with GitHub's statuses: 401 for a wrong token, 403 for one that lacks the permission, 404 for what
 *   is not there or not to be seen, 410 for the content of an expired artifact.
 */
export async function answerRest(
  context: RestContext,
  method: string,
  url: URL,
  authorization: string | undefined,
): Promise<RestAnswer> {
  const [, repository = '', path] = /^\/repos\/([^/]+\/[^/]+)(?:\/actions\/(.*))?$/.exec(url.pathname) ?? [];
  const grant = grantFor(context, repository, authorization);
  if (path === undefined) return { status: 200, body: repositoryAsJson(repository, context) };
  requirePermission(grant, method);
  const runId = /^runs\/(\d+)\/artifacts$/.exec(path)?.[1];
  if (method === 'GET' && (path === 'artifacts' || runId !== undefined)) {
    return list(context, url, repository, runId);
  }

  const [, id, zip] = /^artifacts\/(\d+)(\/zip)?$/.exec(path) ?? [];
  const record = context.records.find(
    (other) => other.finalized && other.repository === repository && String(other.id) === id,
  );
  if (!record) throw notFound();
  if (method === 'DELETE' && zip === undefined) {
    context.records.remove(record.id);
    await context.removeBlob(record);
    return { status: 204 };
  }
  if (method !== 'GET') throw notFound();
  if (zip === undefined) return { status: 200, body: asJson(context, record) };
  if (isExpired(record)) throw new Refusal(410, { message: 'Artifact has expired', status: '410' });
  return { status: 302, headers: { location: context.downloadUrl(record) } };
}

function grantFor(context: RestContext, repository: string, authorization: string | undefined): Grant {
  const token = /^(?:token|bearer) (.*)$/i.exec(authorization ?? '')?.[1] ?? '';
  const grant = context.grantOf(token);
  if (!grant) throw new Refusal(401, { message: 'Bad credentials', status: '401' });
  if (!grant.repositories.includes(repository)) throw notFound();
  return grant;
}

function requirePermission(grant: Grant, method: string): void {
  if (grant.actions === 'none' || (method !== 'GET' && grant.actions === 'read')) {
    throw new Refusal(403, { message: 'Resource not accessible by integration', status: '403' });
  }
}

function list(context: RestContext, url: URL, repository: string, runId: string | undefined): RestAnswer {
  const name = url.searchParams.get('name');
  const found = context.records
    .all()
    .filter((record) => record.finalized && record.repository === repository)
    .filter((record) => runId === undefined || String(record.runId) === runId)
    .filter((record) => name === null || record.name === name)
    .toReversed();
  const perPage = Math.min(Number(url.searchParams.get('per_page') ?? DEFAULT_PER_PAGE), MAX_PER_PAGE);
  const page = Number(url.searchParams.get('page') ?? 1);
  const shown = found.slice((page - 1) * perPage, page * perPage);
  const body = { total_count: found.length, artifacts: shown.map((record) => asJson(context, record)) };
  if (page * perPage >= found.length) return { status: 200, body };
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  return { status: 200, body, headers: { link: `<${next.href}>; rel="next"` } };
}

function repositoryAsJson(repository: string, { visibility, pushedAt }: RestContext): JsonObject {
  return {
    full_name: repository,
    private: visibility !== 'public',
    visibility,
    pushed_at: inSeconds(pushedAt),
  };
}

function asJson({ apiUrl }: RestContext, record: ArtifactRecord): JsonObject {
  const url = `${apiUrl}/repos/${record.repository}/actions/artifacts/${record.id}`;
  return {
    id: record.id,
    name: record.name,
    size_in_bytes: record.size,
    url,
    archive_download_url: `${url}/zip`,
    expired: isExpired(record),
    digest: record.digest === '' ? null : record.digest,
    created_at: inSeconds(record.createdAt),
    updated_at: inSeconds(record.createdAt),
    expires_at: inSeconds(record.expiresAt),
    workflow_run: workflowRunAsJson(record),
  };
}

/** A pull request from a fork runs in the base repository, with the code of the fork, which may be gone by now. */
function workflowRunAsJson({ runId, repository, headRepository = repository }: ArtifactRecord): JsonObject {
  return {
    id: runId,
    repository_id: repositoryId(repository),
    head_repository_id: headRepository === '' ? null : repositoryId(headRepository),
    head_branch: 'main',
  };
}

/** A number of its own for each repository. */
export function repositoryId(repository: string): number {
  return createHash('sha256').update(repository).digest().readUInt32BE();
}

function isExpired(record: ArtifactRecord): boolean {
  return record.expiresAt.getTime() <= Date.now();
}

/** A time as the REST API writes it: whole seconds. */
function inSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}

function notFound(): Refusal {
  return new Refusal(404, { message: 'Not Found', status: '404' });
}
