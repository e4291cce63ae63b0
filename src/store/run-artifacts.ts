import { UserError, messageOf } from '../errors.ts';
import { log } from '../log/log.ts';
import {
  type JsonObject,
  OddAnswer,
  isJsonObject,
  objectsOf,
  textOf,
  textOrEmpty,
  timeOf,
  wholeNumberOf,
} from './json.ts';
import { type Bounds, patiently, reasonOf } from './patience.ts';
import { type Located, storedArtifact } from './stored-artifact.ts';
import { toolkitFetch } from './toolkit-fetch.ts';

const SERVICE = '/twirp/github.actions.results.api.v1.ArtifactService/';

/** The service, asked on behalf of this run. */
interface RunService {
  readonly call: (method: string, parameters: JsonObject) => Promise<JsonObject>;
  readonly runId: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * The artifacts of this workflow run, of all its jobs. The runner's own token lists and reads them, so a job needs no
 * permission for that.
 *
 * It is the protocol of `@actions/artifact` (`generated/results/api/v1/artifact.js`), which does not hand out the
 * address of an artifact's content. Its own download cannot be aborted, lets the service choose the file's name, makes
 * a file that others can read, and notices a broken connection only after 30 s.
 *
 * @returns nothing where there is no such service, or it fails: it is a way to do without permissions, not the only one.
 * @throws the signal's reason.
 */
export async function runArtifacts(env: NodeJS.ProcessEnv, bounds: Bounds): Promise<readonly Located[]> {
  const { ACTIONS_RUNTIME_TOKEN: token = '', ACTIONS_RESULTS_URL: address = '' } = env;
  const scope = scopeOf(token);
  if (!scope || !URL.canParse(address)) return [];
  const runId = /^\d+$/.test(env['GITHUB_RUN_ID'] ?? '') ? Number(env['GITHUB_RUN_ID']) : undefined;
  const call = caller(new URL(SERVICE, address), token, scope, bounds);
  const service = { call, runId, signal: bounds.signal };
  try {
    const { artifacts = [] } = await service.call('ListArtifacts', {});
    return objectsOf(artifacts).map((artifact) => readArtifact(service, inSnakeCase(artifact)));
  } catch (error) {
    bounds.signal.throwIfAborted();
    log.debug(`The artifacts of this run cannot be listed: ${messageOf(error)}`);
    return [];
  }
}

function caller(service: URL, token: string, scope: JsonObject, bounds: Bounds): RunService['call'] {
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
    const message = `the artifact service answered ${method} with ${response.status} ${said}`.trimEnd();
    if (response.status < 400 || response.status >= 500) throw new OddAnswer(message);
    throw new UserError(message, 'Run the job again.');
  };
  return (method, parameters) =>
    patiently('The artifact service', bounds, (signal) => once(method, { ...scope, ...parameters }, signal));
}

function readArtifact(service: RunService, json: JsonObject): Located {
  const { database_id: id, name, size = '0', created_at: created, digest } = json;
  const artifact = storedArtifact(
    {
      id: wholeNumberOf(id),
      name: textOf(name),
      size: wholeNumberOf(size),
      createdAt: timeOf(created),
      expiresAt: undefined,
      expired: false,
      runId: service.runId,
    },
    digest,
  );
  return {
    artifact,
    signedUrl: () => contentOf(service, artifact.name, json['workflow_job_run_backend_id']),
  };
}

/** @param job the one that made the artifact, which need not be this one. */
async function contentOf({ call, signal }: RunService, name: string, job: unknown): Promise<string> {
  try {
    const answer = await call('GetSignedArtifactURL', { workflow_job_run_backend_id: job, name });
    const url = textOf(answer['signed_url']);
    if (URL.canParse(url)) return url;
    throw new OddAnswer('the answer does not say where the content is');
  } catch (error) {
    signal.throwIfAborted();
    throw new UserError(
      `The artifact ${name} cannot be read: ${reasonOf(error)}`,
      'The artifact service may be disturbed (githubstatus.com). Run the job again.',
      { cause: error },
    );
  }
}

/** The names of the run and the job, which the service wants in every call: `scp` of the token holds them. */
function scopeOf(token: string): JsonObject | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const scopes = isJsonObject(claims) ? textOrEmpty(claims['scp']) : '';
    const [, run, job] = /(?:^| )Actions\.Results:([^: ]+):([^: ]+)(?: |$)/.exec(scopes) ?? [];
    return run === undefined ? undefined : { workflow_run_backend_id: run, workflow_job_run_backend_id: job };
  } catch {
    return undefined;
  }
}

/** Protocol buffers may be written with either kind of name: GitHub writes `signed_url`, some of its like `signedUrl`. */
function inSnakeCase(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
