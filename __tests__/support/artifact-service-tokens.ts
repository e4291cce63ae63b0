import { Refusal } from './artifact-service-http.ts';

/** What a runtime token says about its bearer: the names of the run and the job. */
export interface RuntimeScope {
  readonly runBackendId: string;
  readonly jobBackendId: string;
  readonly runId: number;
}

/** The names of a run and its job: UUIDs as in the real service, that end in the run's number. */
export function scopeOfRun(runId: number): RuntimeScope {
  const number = String(runId).padStart(12, '0');
  return {
    runBackendId: `00000000-0000-4000-8000-${number}`,
    jobBackendId: `00000000-0000-4000-9000-${number}`,
    runId,
  };
}

const SCOPE = /^Actions\.Results:([0-9a-f-]{36}):([0-9a-f-]{36})$/;

/** A token in the shape of the runner's: a JWT whose `scp` names the run and the job, and that may say when it ends. */
export function runtimeTokenFor(runId: number, expiresAt?: Date): string {
  const number = String(runId).padStart(12, '0');
  const { runBackendId, jobBackendId } = scopeOfRun(runId);
  const scp = `Actions.GenericRead:00000000 Actions.Results:${runBackendId}:${jobBackendId}`;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signature = Buffer.from(`not checked ${number}`).toString('base64url');
  return `${part({ typ: 'JWT', alg: 'RS256' })}.${part({ scp, iss: 'test bed', ...(expiresAt ? { exp: Math.floor(expiresAt.getTime() / 1000) } : {}) })}.${signature}`;
}

/** @throws Refusal 401 when the header contains no runtime token. */
export function scopeOf(authorization: string | undefined): RuntimeScope {
  const payload = /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(authorization ?? '')?.[1];
  const [, runBackendId, jobBackendId] = SCOPE.exec(scopeWithResults(payload)) ?? [];
  if (runBackendId === undefined || jobBackendId === undefined) {
    throw new Refusal(401, { code: 'unauthenticated', msg: 'a valid runtime token is required' });
  }
  return { runBackendId, jobBackendId, runId: Number(runBackendId.slice(-12)) };
}

function scopeWithResults(payload: string | undefined): string {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8'));
    const scp = typeof claims === 'object' && claims !== null && 'scp' in claims ? String(claims.scp) : '';
    return scp.split(' ').find((scope) => scope.startsWith('Actions.Results:')) ?? '';
  } catch {
    return '';
  }
}
