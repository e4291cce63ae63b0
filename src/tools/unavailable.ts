import { UserError, messageOf } from '../errors.ts';

/** Why one install method failed. */
interface Refusal {
  /** For messages: `PostgreSQL 17 client tools`. */
  readonly wanted: string;
  /** For messages: `https://apt.postgresql.org/pub/repos/apt`. */
  readonly place: string;
  /** Follows "from <place>: "; without a full stop. */
  readonly reason: string;
  readonly hint: string;
}

/**
 * A source that does not have the tools, or cannot be reached. Another source may have them.
 *
 * Never used for a failed signature or checksum: then no other source is tried.
 */
export class UnavailableError extends UserError {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(
      'tools-unavailable',
      `${refusal.wanted} could not be downloaded from ${refusal.place}: ${refusal.reason}.`,
      refusal.hint,
      options,
    );
    this.refusal = refusal;
  }
}

/** One error that names every source that was tried, and what to do about each. */
export function noneAvailable(errors: readonly UnavailableError[]): UnavailableError {
  const [first, ...others] = errors;
  if (!first) throw new Error('No install method was tried.');
  if (others.length === 0) return first;
  const more = others.map(({ refusal }) => `; nor from ${refusal.place}: ${refusal.reason}`).join('');
  const causes = errors.map(({ cause }) => cause);
  return new UnavailableError(
    {
      ...first.refusal,
      reason: `${first.refusal.reason}${more}`,
      hint: [...new Set(errors.map(({ hint }) => hint))].join(' Or: '),
    },
    { cause: new AggregateError(causes, causes.map(messageOf).join('\n')) },
  );
}
