import { setImmediate as events } from 'node:timers/promises';
import { UserError } from '../../errors.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { displayKind, displayName } from '../../archive/toc/entry-names.ts';
import { unexpectedStatement } from '../../archive/toc/entry-statements.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';

/** How long a cancellation may have to wait, unless one definition alone takes longer. */
const LOOK_EVERY_MS = 50;

/**
 * Makes sure that each definition is what its entry claims. `pg_restore` sends it to the server as it stands: a `COMMIT;`
 * in it would end the transaction of the restore, and anything else would be done with the rights of whoever restores.
 *
 * @throws UserError naming the first that is something else; the signal's reason.
 */
export async function requireExpectedStatements(
  entries: readonly TocEntry[],
  signal: AbortSignal,
): Promise<void> {
  const setting = entries.findLast(({ kind }) => kind === 'STDSTRINGS');
  const standardStrings = setting === undefined || setting.definition.includes("'on'");
  let lookedAt = performance.now();
  for (const entry of entries) {
    if (performance.now() - lookedAt > LOOK_EVERY_MS) {
      await events();
      signal.throwIfAborted();
      lookedAt = performance.now();
    }
    const problem = unexpectedStatement(entry, standardStrings);
    if (problem === undefined) continue;
    throw new UserError(
      'restore-refused',
      plainLine(
        `The backup is not one that pg_dump wrote: the definition of the ${displayKind(entry)} ${displayName(entry)} ${problem}. Nothing was changed.`,
      ),
      'Do not restore from this file: somebody has changed it after pg_dump wrote it. Use another backup.',
      { silent: { message: 'The backup has a statement that pg_dump does not write.' } },
    );
  }
}
