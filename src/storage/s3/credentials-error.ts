import { UserError, messageOf } from '../../errors.ts';
import type { EndpointRules } from './s3-endpoints.ts';
import { s3Reason } from './s3-reason.ts';

/** No credentials were found anywhere. */
export function noCredentials({ name, keys, isAws }: EndpointRules, cause: unknown): UserError {
  const orRole = isAws ? '; or set AWS_ROLE_ARN, with "permissions: { id-token: write }"' : '';
  return new UserError(
    'storage',
    `storage: there are no credentials for ${name}.`,
    `Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in "env:" of the step, from secrets (keys ${keys})${orRole}. See docs/storage.md.`,
    { cause },
  );
}

/** GitHub gave no ID token. */
export function noIdToken(cause: unknown): UserError {
  // @actions/core puts what it knows of the answer on lines of their own, known or not.
  const [, said] = /.*Error Message:\s*(.*)/is.exec(messageOf(cause)) ?? [];
  return new UserError(
    'github',
    `storage: GitHub gave no ID token for AWS_ROLE_ARN: ${said ?? messageOf(cause)}.`,
    'Check that the job has "permissions: { id-token: write }". GitHub may have an outage (githubstatus.com).',
    { cause },
  );
}

/** What AWS answers to AssumeRoleWithWebIdentity, and what to do. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  [
    'AccessDenied',
    'Check the name of the role, and that its trust policy allows this repository: "token.actions.githubusercontent.com:sub" must match the run, and "…:aud" be sts.amazonaws.com.',
  ],
  [
    'InvalidIdentityToken',
    'Add the identity provider https://token.actions.githubusercontent.com with the audience sts.amazonaws.com to the AWS account (IAM, Identity providers).',
  ],
  ['ValidationError', 'Write AWS_ROLE_ARN as arn:aws:iam::ACCOUNT:role/NAME.'],
]);

/** AWS did not give the role. */
export function roleRefused(arn: string, cause: unknown): UserError {
  const code = codeOf(cause);
  return new UserError(
    'storage',
    `storage: AWS did not give the role ${arn}: ${s3Reason(cause)}.`,
    REFUSALS.get(code) ?? 'Run the job again; if the error persists, check AWS_ROLE_ARN and AWS_REGION.',
    { cause },
  );
}

/** STS has the suffix in some of its codes. */
function codeOf(error: unknown): string {
  return Error.isError(error) ? error.name.replace(/Exception$/, '') : '';
}
