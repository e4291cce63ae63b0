import { type JsonObject, isJsonObject, textOrEmpty } from '../../github/json.ts';

/** What the runner's own token for the artifact service says about its bearer. */
export interface RuntimeToken {
  /** The names by which the service calls the run and the job; it wants them in every request. */
  readonly run: string;
  readonly job: string;
  /** Undefined when the token does not say. */
  readonly expiresAt: Date | undefined;
}

/**
 * Reads `ACTIONS_RUNTIME_TOKEN`: a JWT whose `scp` names the run and the job (`@actions/artifact`, `shared/util.js`)
 * and whose `exp` is in seconds (RFC 7519). The signature is the service's business.
 *
 * @returns undefined when it is no such token.
 */
export function readRuntimeToken(token: string): RuntimeToken | undefined {
  const claims = claimsOf(token);
  const [, run, job] =
    /(?:^| )Actions\.Results:([^: ]+):([^: ]+)(?: |$)/.exec(textOrEmpty(claims['scp'])) ?? [];
  if (run === undefined || job === undefined) return undefined;
  const seconds = claims['exp'];
  return { run, job, expiresAt: typeof seconds === 'number' ? new Date(seconds * 1000) : undefined };
}

function claimsOf(token: string): JsonObject {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return isJsonObject(claims) ? claims : {};
  } catch {
    return {};
  }
}
