import { UserError } from '../../errors.ts';
import { parseConnectionUrl } from './connection-url.ts';
import { inLibpqTerms, translateForeign } from './foreign-parameters.ts';
import { type RuledConnection, applyProviderRules } from './provider-rules.ts';
import type { Remark } from './remark.ts';
import { readService } from '../service-file.ts';

/** What is known of the place that the run is in. */
export interface Circumstances {
  readonly env: NodeJS.ProcessEnv;
  /** Whether the user takes the risk of a dump through a transaction pooler; undefined for a restore, which has no such choice. */
  readonly allowPooler: boolean | undefined;
}

/**
 * Understands a PostgreSQL URL as its provider means it: libpq's parameters, other drivers' parameters in libpq's
 * terms, and the direct form of pooled addresses.
 *
 * @param value the connection string, white space around it and all.
 * @throws UserError when it is not a PostgreSQL URL, or leads where no backup can come from.
 */
export async function understandUrl(
  input: string,
  value: string,
  circumstances: Circumstances,
): Promise<RuledConnection> {
  const url = value.trim();
  const { parameters, service, foreign } = parseConnectionUrl(input, url);
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
  return { ...ruled, remarks: [...aboutWhiteSpace(input, value), ...translated.remarks, ...ruled.remarks] };
}

/**
 * A dump needs one session from beginning to end. Through a transaction pooler it sets and leaves an empty search path
 * in sessions that it shares with the application, whose queries then fail. A restore sets more, and locks tables.
 *
 * @param allowPooler false when `allow-pooler` could allow it; undefined when nothing can.
 */
export function poolerError(input: string, reason: string, allowPooler: false | undefined): UserError {
  const place = `${input}: it leads to a transaction pooler (${reason})`;
  const direct = 'Use the direct connection string of the database (usually port 5432).';
  return allowPooler === undefined
    ? new UserError('invalid-input', `${place}, and a restore needs a session of its own.`, direct)
    : new UserError(
        'invalid-input',
        `${place}, and a dump through one can break the queries of your application.`,
        `${direct} If you are sure that it is none, or take the risk, set "allow-pooler: true".`,
      );
}

function aboutWhiteSpace(input: string, value: string): Remark[] {
  if (value.trim() === value) return [];
  const text = `${input}: there is white space around the value; it was left out. Store the secret without it.`;
  return [{ level: 'notice', text }];
}
