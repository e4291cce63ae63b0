import { UserError, cancelledOr } from '../../errors.ts';
import { type JsonObject, UnexpectedResponse, isJsonObject, textOf, textOrEmpty } from '../../github/json.ts';
import { type Bounds, retryWithTimeout, reasonOf } from '../../runner/retry-policy.ts';
import { readRuntimeToken } from './runtime-token.ts';
import { toolkitFetch } from '../../github/toolkit-fetch.ts';

const SERVICE = '/twirp/github.actions.results.api.v1.ArtifactService/';

/** The artifact service, for this run. */
export interface ArtifactClient {
  /**
   * @throws ServiceRefusal when the service refuses; the last error when its answers stay invalid or missing; the signal's
   *   reason.
   */
  readonly call: (method: string, parameters: JsonObject) => Promise<JsonObject>;
  /** The service's id of this job. */
  readonly job: string;
  readonly signal: AbortSignal;
}

/** The service refused a request, and would refuse it again. */
export class ServiceRefusal extends UserError {
  readonly status: number;

  constructor(message: string, status: number) {
    super('storage', message, 'Run the job again.');
    this.status = status;
  }
}

/** The service refuses to store more: the plan's quota is used up. */
export class QuotaReached extends ServiceRefusal {}

/** A response with a status that may pass. */
export class FailedStatus extends UnexpectedResponse {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/**
 * The service with the runner's own token, so that a job needs no permission.
 *
 * It is the protocol of `@actions/artifact` (`generated/results/api/v1/artifact.js`), which does not return the
 * URL of an artifact's content. Its own download cannot be aborted, lets the service choose the file's name, creates
 * a file that others can read, and detects a broken connection only after 30 s.
 *
 * @returns undefined where there is no such service.
 */
export function runService(env: NodeJS.ProcessEnv, bounds: Bounds): ArtifactClient | undefined {
  const { ACTIONS_RUNTIME_TOKEN: token = '', ACTIONS_RESULTS_URL: address = '' } = env;
  const names = readRuntimeToken(token);
  if (!names || !URL.canParse(address)) return undefined;
  const { run, job } = names;
  const service = new URL(SERVICE, address);
  const scope = { workflow_run_backend_id: run, workflow_job_run_backend_id: job };
  const once = async (method: string, body: JsonObject, signal: AbortSignal): Promise<JsonObject> => {
    const send = await toolkitFetch();
    const response = await send(new URL(method, service), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
    const answer: unknown = await response.json();
    if (response.ok && isJsonObject(answer)) return inSnakeCase(answer);
    const said = isJsonObject(answer) ? textOrEmpty(answer['msg']) : '';
    const message = `the artifact service answered ${method} with (${response.status}) ${said}`.trimEnd();
    // The words by which the toolkit knows it (`UsageError` in `shared/errors.js` of `@actions/artifact`).
    if (said.includes('insufficient usage')) throw new QuotaReached(message, response.status);
    throw isRefusal(response.status)
      ? new ServiceRefusal(message, response.status)
      : new FailedStatus(message, response.status);
  };
  return {
    call: (method, parameters) =>
      retryWithTimeout('The artifact service', bounds, (signal) =>
        once(method, { ...scope, ...parameters }, signal),
      ),
    job,
    signal: bounds.signal,
  };
}

/** But not for too many requests (429), or a timeout (408). */
export function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/**
 * A URL from which an artifact of this run can be read for some minutes; it is a secret.
 *
 * @param job the one that uploaded the artifact, which need not be this one.
 * @throws UserError, whose cause is what `call` throws; the signal's reason.
 */
export async function contentOf(
  { call, signal }: ArtifactClient,
  name: string,
  job: unknown,
): Promise<string> {
  try {
    const answer = await call('GetSignedArtifactURL', { workflow_job_run_backend_id: job, name });
    const url = textOf(answer['signed_url']);
    if (URL.canParse(url)) return url;
    throw new UnexpectedResponse('the response contains no URL of the content');
  } catch (error) {
    throw cancelledOr(
      signal,
      () =>
        new UserError(
          'storage',
          `The artifact ${name} cannot be read: ${reasonOf(error)}`,
          'The artifact service may have an outage (githubstatus.com). Run the job again.',
          { cause: error },
        ),
    );
  }
}

/** Protocol buffers allow both kinds of names: GitHub writes `signed_url`, some compatible services `signedUrl`. */
export function inSnakeCase(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
