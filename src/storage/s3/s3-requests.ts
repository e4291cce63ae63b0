import { readFileSync } from 'node:fs';
import type { AgentOptions } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { UserError, messageOf } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import type { RetryLimits } from '../../runner/retry-policy.ts';
import { isSet } from './bucket-settings.ts';

const CONNECT_MS = 10_000;

/** What the client of the bucket and that of AWS's token service have in common. */
export function requestConfig(env: NodeJS.ProcessEnv, { attemptMs }: RetryLimits): RequestConfig {
  // Node.js 24.5 and newer use the proxy of the environment with it.
  const agent: AgentOptions = { keepAlive: true, proxyEnv: env, ...authorities(env) };
  return {
    requestHandler: {
      ...{ connectionTimeout: CONNECT_MS, socketTimeout: attemptMs },
      ...{ httpAgent: agent, httpsAgent: agent, logger: QUIET },
    },
    logger: QUIET,
  };
}

export type RequestConfig = Required<Pick<S3ClientConfig, 'requestHandler' | 'logger'>>;

/** The variable of the AWS CLI for a service with a certificate of one's own. */
function authorities(env: NodeJS.ProcessEnv): { readonly ca?: string[] } {
  if (!isSet(env, 'AWS_CA_BUNDLE')) return {};
  try {
    return { ca: [...rootCertificates, readFileSync(env['AWS_CA_BUNDLE'] ?? '', 'utf8')] };
  } catch (error) {
    throw new UserError(
      'invalid-input',
      `storage: the file of AWS_CA_BUNDLE cannot be read: ${messageOf(error)}`,
      'Write the path of a file with certificates in PEM, or remove AWS_CA_BUNDLE.',
      { cause: error },
    );
  }
}

/** The SDK warns on the console, and tells of every request. */
const QUIET = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: (text: unknown) => {
    log.debug(String(text));
  },
  error: () => undefined,
};
