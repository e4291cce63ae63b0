/**
 * The `fetch` of GitHub's own toolkit: through the proxy of the environment (`https_proxy`), if there is one
 * for that API. Node.js's own `fetch` uses the proxy only with `--use-env-proxy`.
 */
export async function toolkitFetch(): Promise<typeof fetch> {
  const { defaults } = await import('@actions/github/lib/utils');
  const candidate: unknown = defaults.request?.fetch;
  return isFetch(candidate) ? candidate : fetch;
}

function isFetch(value: unknown): value is typeof fetch {
  return typeof value === 'function';
}
