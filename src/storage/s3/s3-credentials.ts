import * as core from '@actions/core';
import { UserError } from '../../errors.ts';
import { untilAborted } from '../../process/until-aborted.ts';
import { duration } from '../../runner/format.ts';
import { maskSecret } from '../../runner/inputs/mask.ts';
import { type BucketSettings, isSet } from './bucket-settings.ts';
import { noCredentials, noIdToken, roleRefused } from './credentials-error.ts';
import type { RequestConfig } from './s3-requests.ts';

type Sdk = Pick<typeof import('./s3-sdk.ts'), 'fromNodeProviderChain' | 'fromWebToken'>;

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they end; undefined: never. */
  readonly expiration?: Date;
}

/** Gets credentials; to be asked again before they end. */
export type CredentialProvider = () => Promise<S3Credentials>;

/** Where the credentials come from. */
export type CredentialSource =
  | { readonly kind: 'keys'; readonly keys: S3Credentials }
  /** A role of AWS, for an ID token of the job. */
  | { readonly kind: 'role'; readonly arn: string; readonly session: string }
  /** What else the SDK finds: profiles, files, the machine. */
  | { readonly kind: 'chain' };

/** The audience that AWS expects, and `configure-aws-credentials` asks for. */
const AUDIENCE = 'sts.amazonaws.com';
/** The service for metadata of a machine answers at once or never; programs and files of a profile take longer. */
const CHAIN_MS = 15_000;
const ID_TOKEN_MS = 60_000;

/**
 * Decides where the credentials come from. Pure.
 *
 * @throws UserError when what is set cannot work.
 */
export function credentialSource(env: NodeJS.ProcessEnv): CredentialSource {
  if (isSet(env, 'AWS_PROFILE')) return { kind: 'chain' };
  const [id, secret] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  if (isSet(env, id) && isSet(env, secret)) {
    // A secret that was pasted with its line break.
    const keys = { accessKeyId: (env[id] ?? '').trim(), secretAccessKey: (env[secret] ?? '').trim() };
    const token = isSet(env, 'AWS_SESSION_TOKEN')
      ? { sessionToken: (env['AWS_SESSION_TOKEN'] ?? '').trim() }
      : {};
    return { kind: 'keys', keys: { ...keys, ...token } };
  }
  if (isSet(env, id)) throw half(id, secret);
  if (isSet(env, secret)) throw half(secret, id);
  if (!isSet(env, 'AWS_ROLE_ARN') || isSet(env, 'AWS_WEB_IDENTITY_TOKEN_FILE')) return { kind: 'chain' };
  if (!isSet(env, 'ACTIONS_ID_TOKEN_REQUEST_URL')) throw withoutPermission();
  const named = isSet(env, 'AWS_ROLE_SESSION_NAME') ? env['AWS_ROLE_SESSION_NAME'] : undefined;
  return { kind: 'role', arn: env['AWS_ROLE_ARN'] ?? '', session: named ?? 'postgres-backup-action' };
}

/**
 * Gets credentials for the first time, so that missing ones are an error before any work; and again whenever it is asked.
 * Every secret that it gets is masked.
 *
 * @throws UserError, at once and when credentials cannot be renewed.
 */
export async function findCredentials(
  source: CredentialSource,
  sdk: Sdk,
  { region, rules }: BucketSettings,
  requests: RequestConfig,
): Promise<CredentialProvider> {
  const chain = sdk.fromNodeProviderChain({ clientConfig: { region, ...requests } });
  const get = async (): Promise<S3Credentials> => {
    switch (source.kind) {
      case 'keys':
        return source.keys;
      case 'role':
        return assumeRole(source, sdk, { region, ...requests });
      case 'chain':
        return within(CHAIN_MS, chain()).catch((error: unknown) => {
          throw noCredentials(rules, error);
        });
    }
  };
  const masked = async (): Promise<S3Credentials> => {
    const credentials = await get();
    maskSecret(credentials.secretAccessKey);
    if (credentials.sessionToken !== undefined) maskSecret(credentials.sessionToken);
    return credentials;
  };
  let first: S3Credentials | undefined = await masked();
  return async () => {
    const credentials = first ?? (await masked());
    first = undefined;
    return credentials;
  };
}

/** With a new ID token each time: one is valid for some minutes only. */
async function assumeRole(
  { arn, session }: { readonly arn: string; readonly session: string },
  { fromWebToken }: Sdk,
  clientConfig: RequestConfig & { readonly region: string },
): Promise<S3Credentials> {
  const webIdentityToken = await within(ID_TOKEN_MS, core.getIDToken(AUDIENCE)).catch((error: unknown) => {
    throw noIdToken(error);
  });
  const provider = fromWebToken({ roleArn: arn, roleSessionName: session, webIdentityToken, clientConfig });
  return provider().catch((error: unknown) => {
    throw roleRefused(arn, error);
  });
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(milliseconds);
  return untilAborted(late, work).catch((error: unknown) => {
    throw error === late.reason ? new Error(`no answer within ${duration(milliseconds)}`) : error;
  });
}

function half(given: string, missing: string): UserError {
  return new UserError(
    'invalid-input',
    `storage: ${given} is set and ${missing} is empty.`,
    `Set both in "env:" of the step. A secret that does not exist is empty, and so are all secrets in a run for a fork.`,
  );
}

function withoutPermission(): UserError {
  return new UserError(
    'invalid-input',
    'storage: AWS_ROLE_ARN is set, and the job may not request an ID token: the "id-token" permission is missing.',
    'Add "permissions: { id-token: write, contents: read }" to the job; permissions that are not listed there are removed.',
  );
}
