import { UserError } from '../../errors.ts';
import { parseConnectionUrl } from './connection-url.ts';
import { inLibpqTerms, translateForeign } from './foreign-parameters.ts';
import { type FailureHint, type ResolvedConnection, applyProviderRules } from './provider-rules.ts';
import { isInBrackets, refuseBracketed, refusePlaceholders } from './placeholders.ts';
import { readService } from '../service-file.ts';

const BRACKETS_HINT: FailureHint = {
  when: /password authentication failed/,
  text: 'The password in the connection string is in brackets: remove them if they are not part of it.',
};

/** Where the connection string is used. */
export interface ConnectionContext {
  readonly env: NodeJS.ProcessEnv;
  /** Whether the user accepts the risk of a dump through a transaction pooler; undefined for a restore, which never allows it. */
  readonly allowPooler: boolean | undefined;
}

/**
 * Resolves a PostgreSQL URL as its provider means it: libpq's parameters, other drivers' parameters in libpq's
 * terms, and the direct form of pooled addresses.
 *
 * @param url the connection string, with nothing around it.
 * @throws UserError when it is not a PostgreSQL URL, or its server cannot be backed up.
 */
export async function resolveConnection(
  input: string,
  url: string,
  circumstances: ConnectionContext,
): Promise<ResolvedConnection> {
  refuseBracketed(input, url);
  const { parameters, service, foreign } = parseConnectionUrl(input, url);
  refusePlaceholders(input, parameters);
  const translated = translateForeign(input, foreign);
  const ofService = service === undefined ? {} : await readService(input, service, circumstances.env);
  const ruled = applyProviderRules(
    input,
    {
      parameters: inLibpqTerms({ ...ofService, ...translated.parameters, ...parameters }),
      hostedRunner: circumstances.env['RUNNER_ENVIRONMENT'] === 'github-hosted',
    },
    translated.saysPooler,
  );
  const { allowPooler } = circumstances;
  if (ruled.pooler !== undefined && allowPooler !== true) throw poolerError(input, ruled.pooler, allowPooler);
  return {
    ...ruled,
    notices: [...translated.notices, ...ruled.notices],
    failureHints: [
      ...(isInBrackets(parameters.password ?? '') ? [BRACKETS_HINT] : []),
      ...ruled.failureHints,
    ],
  };
}

/**
 * A dump needs one session from start to end. Through a transaction pooler it sets and leaves an empty search path
 * in sessions that it shares with the application, whose queries then fail. A restore sets more, and locks tables.
 *
 * @param allowPooler false when `allow-pooler` could allow it; undefined when it cannot.
 */
export function poolerError(input: string, reason: string, allowPooler: false | undefined): UserError {
  const place = `${input}: the server is a transaction pooler (${reason})`;
  const direct = 'Use the direct connection string of the database (usually port 5432).';
  return allowPooler === undefined
    ? new UserError('invalid-input', `${place}, and a restore needs a session of its own.`, direct)
    : new UserError(
        'invalid-input',
        `${place}, and a dump through one can break the queries of your application.`,
        `${direct} If you are sure that it is not a pooler, or accept the risk, set "allow-pooler: true".`,
      );
}
