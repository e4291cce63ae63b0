import { once } from 'node:events';
import { createServer } from 'node:http';

/** The credentials that AWS gives for a role. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** The answer of AWS's security token service to `AssumeRoleWithWebIdentity`. */
export function roleAnswer({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  expiration,
}: RoleCredentials): string {
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
    <Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>
    <SessionToken>${sessionToken}</SessionToken><Expiration>${expiration.toISOString()}</Expiration></Credentials>
    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/backups/a</Arn><AssumedRoleId>A:a</AssumedRoleId></AssumedRoleUser>
    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
}

/** Stands for GitHub's service of ID tokens and for AWS's of roles, neither of which a test can use. */
export interface RoleService {
  /** For the environment of a step whose job has the permission `id-token: write`. */
  readonly idTokenEnv: Readonly<Record<string, string>>;
  /** For the environment of every step: where AWS is. */
  readonly env: Readonly<Record<string, string>>;
  stop(): void;
}

export async function startRoleService(
  credentials: Omit<RoleCredentials, 'expiration'>,
): Promise<RoleService> {
  const server = createServer((request, response) => {
    request.resume();
    const expiration = new Date(Date.now() + 3_600_000);
    response.end(
      request.url?.startsWith('/id-token') === true
        ? JSON.stringify({ value: 'id-token-of-the-job' })
        : roleAnswer({ ...credentials, expiration }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The service has no port.');
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    idTokenEnv: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/id-token?a=b`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
    },
    env: { AWS_ENDPOINT_URL_STS: `${origin}/sts` },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
