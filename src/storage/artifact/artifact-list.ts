import { originOf } from '../../github/fork-rules.ts';
import { type GitHubApi, type GitHubCall } from '../../github/github-api.ts';
import {
  type JsonObject,
  UnexpectedResponse,
  isJsonObject,
  objectsOf,
  textOf,
  textOrEmpty,
  timeOf,
  wholeNumberOf,
} from '../../github/json.ts';
import { type Located, storedArtifact } from './stored-artifact.ts';

/** The artifacts of a repository, through GitHub's REST API. */
export interface ArtifactList {
  /**
   * All artifacts, expired ones too, or those with one name; a hundred at a time. GitHub lists the newest first, but
   * does not guarantee it.
   */
  pages(filter?: { readonly name?: string }): AsyncGenerator<ArtifactPage>;
  /** @throws GitHubRefusal 404 when the artifact or the repository does not exist. */
  byId(id: number): Promise<Located>;
}

export interface ArtifactPage {
  readonly artifacts: readonly Located[];
  /** How many there are on all pages. */
  readonly total: number;
  /** When GitHub answered, by its own clock; undefined when it does not say. */
  readonly answeredAt: Date | undefined;
}

const PER_PAGE = 100;

/** Every method throws what `GitHubApi.call` does. */
export function artifactList(api: GitHubApi): ArtifactList {
  const located = (artifact: JsonObject): Located => readArtifact(api, artifact);
  return {
    async *pages(filter = {}) {
      for (let page = 1, isLast = false; !isLast; page++) {
        const listing = await api.call({
          route: 'GET /repos/{owner}/{repo}/actions/artifacts',
          parameters: { ...filter, per_page: PER_PAGE, page },
          permission: 'read',
          read: ({ headers, data }) => {
            const { artifacts, total_count: total } = isJsonObject(data) ? data : {};
            return {
              artifacts: objectsOf(artifacts).map(located),
              total: wholeNumberOf(total),
              answeredAt: timeIn(headers['date']),
              isLast: !/rel="?next\b/.test(textOrEmpty(headers['link'])),
            };
          },
        });
        isLast = listing.isLast;
        yield listing;
      }
    },

    byId: (id) =>
      api.call({
        route: 'GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}',
        parameters: { artifact_id: id },
        permission: 'read',
        read: ({ data }) => located(isJsonObject(data) ? data : {}),
      }),
  };
}

function readArtifact(api: GitHubApi, json: JsonObject): Located {
  const { id, name, size_in_bytes: size, created_at: created, expires_at: expires, workflow_run: run } = json;
  const artifact = storedArtifact(
    {
      id: wholeNumberOf(id),
      name: textOf(name),
      size: wholeNumberOf(size),
      createdAt: timeOf(created),
      expiresAt: typeof expires === 'string' ? timeOf(expires) : undefined,
      expired: json['expired'] === true,
      runId: isJsonObject(run) && typeof run['id'] === 'number' ? run['id'] : undefined,
      origin: originOf(run),
    },
    json['digest'],
  );
  return { artifact, signedUrl: () => api.call(contentOf(artifact.id)) };
}

function timeIn(header: unknown): Date | undefined {
  const time = new Date(textOrEmpty(header));
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** GitHub redirects to the storage, which must not get the token. */
function contentOf(id: number): GitHubCall<string> {
  return {
    route: 'GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/zip',
    parameters: { artifact_id: id },
    permission: 'read',
    redirect: 'manual',
    read: ({ status, headers: { location } }) => {
      if (status === 302 && typeof location === 'string' && URL.canParse(location)) return location;
      throw new UnexpectedResponse('the response contains no URL of the content');
    },
  };
}
