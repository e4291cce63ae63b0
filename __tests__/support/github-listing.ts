import { once } from 'node:events';
import { createServer } from 'node:http';

/** A request, as the listing takes it. */
export interface ListingRequest {
  readonly method: string;
  /** After `/repos/example/shop/actions/artifacts`. */
  readonly rest: string;
  /** The page that is asked for; 1 when none is named. */
  readonly page: number;
}

/** What it answers: JSON as text; with a page after it, the header `link` says so. */
export interface ListingAnswer {
  readonly status?: number;
  readonly body: unknown;
  readonly hasNext?: boolean;
}

/** GitHub's REST calls on the artifacts of `example/shop`, with answers as a test wants them. */
export interface GitHubListing {
  /** For `GITHUB_API_URL`. */
  readonly url: string;
  readonly requests: readonly ListingRequest[];
  readonly stop: () => void;
}

const ARTIFACTS = '/repos/example/shop/actions/artifacts';

/**
 * Starts it on the loopback. For lists that would take the artifact service of the tests too long to fill, and for
 * answers that it never gives.
 */
export async function startGitHubListing(
  answer: (request: ListingRequest) => ListingAnswer,
): Promise<GitHubListing> {
  const requests: ListingRequest[] = [];
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    const page = Number(url.searchParams.get('page') ?? 1);
    const request = { method: incoming.method ?? '', rest: url.pathname.replace(ARTIFACTS, ''), page };
    requests.push(request);
    const { status = 200, body, hasNext = false } = answer(request);
    if (hasNext) response.setHeader('link', `<http://127.0.0.1/?page=${page + 1}>; rel="next"`);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(status === 204 ? undefined : JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
