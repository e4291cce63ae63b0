import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readBucketLine } from '../../../src/storage/s3/bucket-place.ts';
import { connectBucket } from '../../../src/storage/s3/s3-client.ts';
import { type S3Credentials, credentialSource } from '../../../src/storage/s3/s3-credentials.ts';
import { roleAnswer } from '../../support/aws-role.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { errorText, userErrorOf } from '../../support/user-error.ts';

const output = captureOutput();
const ARN = 'arn:aws:iam::123456789012:role/backups';
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'hunter2hunter2' };
const NO_PATIENCE = { attempts: 1, attemptMs: 5_000, longestWaitMs: 0 };

describe('where credentials come from', () => {
  it('is the keys of the environment, without white space around them', () => {
    expect(
      credentialSource({ ...KEYS, AWS_SECRET_ACCESS_KEY: 'hunter2hunter2\n', AWS_SESSION_TOKEN: '' }),
    ).toEqual({
      kind: 'keys',
      keys: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'hunter2hunter2' },
    });
    expect(credentialSource({ ...KEYS, AWS_SESSION_TOKEN: 'token' })).toMatchObject({
      keys: { sessionToken: 'token' },
    });
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['nothing is set', {}],
    ['a profile is named', { ...KEYS, AWS_PROFILE: 'backups' }],
    ['the role has a token file', { AWS_ROLE_ARN: ARN, AWS_WEB_IDENTITY_TOKEN_FILE: '/token' }],
    ['everything is empty', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_ROLE_ARN: '' }],
  ])('is what else the SDK finds when %s', (_, env) => {
    expect(credentialSource(env)).toEqual({ kind: 'chain' });
  });

  it('is a role where the job may request ID tokens, unless there are keys', () => {
    const env = { AWS_ROLE_ARN: ARN, ACTIONS_ID_TOKEN_REQUEST_URL: 'https://example.com' };
    expect(credentialSource(env)).toEqual({ kind: 'role', arn: ARN, session: 'postgres-backup-action' });
    expect(credentialSource({ ...env, AWS_ROLE_SESSION_NAME: 'nightly' })).toMatchObject({
      session: 'nightly',
    });
    expect(credentialSource({ ...env, ...KEYS }).kind).toBe('keys');
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    [
      'half of the keys',
      { ...KEYS, AWS_SECRET_ACCESS_KEY: '' },
      /AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is empty/,
    ],
    [
      'the other half',
      { AWS_SECRET_ACCESS_KEY: 'hunter2hunter2' },
      /AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is empty/,
    ],
    [
      'a role without the permission',
      { AWS_ROLE_ARN: ARN },
      /"id-token" permission is missing[^]*permissions: \{ id-token: write, contents: read \}/,
    ],
  ])('is an error with %s', (_, env, text) => {
    const said = errorText(() => credentialSource(env));
    expect(said).toMatch(text);
    expect(said).not.toContain('hunter2');
  });
});

describe('the credentials of a bucket', () => {
  // Neither of the services of GitHub for ID tokens and of AWS for roles can be used here: this one answers for both, as they do.
  let server: Server;
  let origin: string;
  let requests: string[] = [];
  let refusal: { readonly status: number; readonly code: string; readonly message: string } | undefined;
  let lifetimeMs: number;

  beforeAll(async () => {
    server = createServer((request, response) => {
      void readText(request).then((body) => {
        requests.push(`${request.url ?? ''} ${body}`);
        if (request.url?.startsWith('/id-token') === true)
          response.end(JSON.stringify({ value: `id-token-${requests.length}` }));
        else if (refusal)
          response
            .writeHead(refusal.status)
            .end(
              `<ErrorResponse><Error><Type>Sender</Type><Code>${refusal.code}</Code><Message>${refusal.message}</Message></Error></ErrorResponse>`,
            );
        else {
          const number = requests.length;
          response.end(
            roleAnswer({
              accessKeyId: `ASIA${number}`,
              secretAccessKey: `secret-of-${number}`,
              sessionToken: `session-of-${number}`,
              expiration: new Date(Date.now() + lifetimeMs),
            }),
          );
        }
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    origin = `http://127.0.0.1:${address.port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    requests = [];
    refusal = undefined;
    lifetimeMs = 3_600_000;
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function connect(env: NodeJS.ProcessEnv): Promise<{ ask: () => Promise<S3Credentials> }> {
    const basic = {
      PATH: process.env['PATH'],
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    };
    // The SDK and the toolkit read the environment of the process.
    jest.replaceProperty(process, 'env', { ...basic, ...env });
    const place = readBucketLine('storage', 's3://shop-backups?region=eu-central-1');
    const { client } = await connectBucket(place, process.env, NO_PATIENCE);
    return { ask: () => client.config.credentials() };
  }
  const role = (): NodeJS.ProcessEnv => ({
    AWS_ROLE_ARN: ARN,
    AWS_ENDPOINT_URL_STS: `${origin}/sts`,
    ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/id-token?a=b`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
  });

  it('are the keys, of which the secret ones are masked', async () => {
    const { ask } = await connect({ ...KEYS, AWS_SESSION_TOKEN: 'session-token' });
    expect(await ask()).toMatchObject({ accessKeyId: 'AKIAEXAMPLE', sessionToken: 'session-token' });
    expect(output.text).toContain('::add-mask::hunter2hunter2');
    expect(output.text).toContain('::add-mask::session-token');
  });

  it('are those of a role for an ID token of the job, asked for once, and masked', async () => {
    const { ask } = await connect(role());
    expect(await ask()).toMatchObject({
      accessKeyId: 'ASIA2',
      secretAccessKey: 'secret-of-2',
      sessionToken: 'session-of-2',
    });
    expect(requests).toHaveLength(2);
    expect(requests[0]).toContain('/id-token?a=b&audience=sts.amazonaws.com');
    expect(requests[1]).toMatch(/^\/sts.*Action=AssumeRoleWithWebIdentity/);
    expect(requests[1]).toContain(`RoleArn=${encodeURIComponent(ARN)}`);
    expect(requests[1]).toContain('RoleSessionName=postgres-backup-action');
    expect(requests[1]).toContain('WebIdentityToken=id-token-1');
    for (const secret of ['id-token-1', 'secret-of-2', 'session-of-2'])
      expect(output.text).toContain(`::add-mask::${secret}`);
  });

  it('of a role are renewed before they end, with a new ID token', async () => {
    lifetimeMs = 60_000;
    const { ask } = await connect(role());
    await ask();
    const before = requests.length;
    const { sessionToken } = await ask();
    expect(requests).toHaveLength(before + 2);
    expect(requests.at(-1)).toContain(`WebIdentityToken=id-token-${before + 1}`);
    expect(sessionToken).toBe(`session-of-${before + 2}`);
    expect(output.text).toContain(`::add-mask::secret-of-${before + 2}`);
  });

  it.each([
    [403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', /trust policy/],
    [
      400,
      'InvalidIdentityToken',
      'No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com',
      /Add the identity provider https:\/\/token\.actions\.githubusercontent\.com/,
    ],
    [400, 'ValidationError', 'Request ARN is invalid', /arn:aws:iam::ACCOUNT:role\/NAME/],
  ])('are an error that says what to change when AWS answers %d %s', async (status, code, message, text) => {
    refusal = { status, code, message };
    const error = await userErrorOf(connect(role()));
    expect(error.message).toContain(`storage: AWS did not give the role ${ARN}: ${status} ${code}`);
    expect(error.hint).toMatch(text);
    expect(`${error.message} ${error.hint}`).not.toContain('id-token-');
  });

  it('are an error before any work when there are none, with where to get them', async () => {
    const { message, hint } = await userErrorOf(connect({}));
    expect(message).toBe('storage: there are no credentials for AWS S3.');
    expect(hint).toMatch(
      /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in "env:"[^]*AWS_ROLE_ARN[^]*docs\/storage\.md/,
    );
  });
});

async function readText(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** As AWS answers. */
