import { type JsonObject, isJsonObject, textOrEmpty } from '../../github/json.ts';

/** The content of the runner's own token for the artifact service. */
export interface RuntimeToken {
  /** The service's ids of the run and the job, which every request contains. */
  readonly run: string;
  readonly job: string;
  /** Undefined when the token has no expiry. */
  readonly expiresAt: Date | undefined;
}

/**
 * Reads `ACTIONS_RUNTIME_TOKEN`: a JWT whose `scp` contains the run and the job (`@actions/artifact`, `shared/util.js`)
 * and whose `exp` is in seconds (RFC 7519). Only the service checks the signature.
 *
 * @returns undefined when it is not such a token.
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
