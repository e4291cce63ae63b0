import { ACCESS_RULES } from './access-rules.ts';
import { DUMP_RULES } from './dump-rules.ts';
import { POOLER_RULES } from './pooler-rules.ts';
import { RESTORE_RULES } from './restore-rules.ts';
import type { Rule } from './rule.ts';
import { SERVER_RULES } from './server-rules.ts';

/**
 * What psql, pg_dump, pg_restore and libpq print, what it means and what to do. libpq speaks English, because the tools run with
 * `LC_ALL=C`; what a server says is in the language of its `lc_messages`, which only its superuser may change.
 *
 * Of one failure, the first rule that matches any of its sentences wins: libpq tells of every address and of every
 * encryption that it tried, so the rules stand in the order of how far an attempt got. What
 * the network says of other addresses comes behind what a server said that no rule knows.
 */
export const RULES: readonly Rule[] = [
  // They ask what the statement was that failed: the same words mean something else when it was to log in, or to read.
  ...RESTORE_RULES,
  ...ACCESS_RULES,
  ...POOLER_RULES,
  ...SERVER_RULES,
  ...DUMP_RULES,
];
