import { ACCESS_RULES } from './access-rules.ts';
import { DUMP_RULES } from './dump-rules.ts';
import { POOLER_RULES } from './pooler-rules.ts';
import { RESTORE_RULES } from './restore-rules.ts';
import type { Rule } from './rule.ts';
import { SEARCH_PATH_RULES } from './search-path-rules.ts';
import { SERVER_RULES } from './server-rules.ts';

/**
 * What psql, pg_dump, pg_restore and libpq print, what it means and what to do. libpq speaks English, because the tools run with
 * `LC_ALL=C`; the messages of a server are in the language of its `lc_messages`, which only its superuser can change.
 *
 * Of one failure, the first rule that matches any of its messages wins: libpq reports every address and every
 * encryption that it tried, so the rules are ordered by how far an attempt got. Network errors of
 * other addresses come after a server's message that no rule matches.
 */
export const RULES: readonly Rule[] = [
  // First, because these check which statement failed: the same message means something else during login or a dump.
  ...SEARCH_PATH_RULES,
  ...RESTORE_RULES,
  ...ACCESS_RULES,
  ...POOLER_RULES,
  ...SERVER_RULES,
  ...DUMP_RULES,
];
