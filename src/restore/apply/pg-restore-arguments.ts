import type { TocSection } from '../../archive/toc/table-of-contents.ts';

/** What `pg_restore` is told, whichever way the statements take to the server. */
export interface RestoreArguments {
  readonly archive: string;
  /** The file that lists the entries to restore. */
  readonly listFile: string;
  readonly noOwner: boolean;
  /** The parts of the archive to restore; all of them when absent. */
  readonly sections?: readonly TocSection[];
  /** The words of the user, checked; they contain nothing that these arguments settle. */
  readonly extra: readonly string[];
}

/**
 * The argument list of a `pg_restore` that connects to the server. It contains no secret and no name of a database: an
 * empty `--dbname` connects to what the environment says, and there, unlike here, libpq takes no name for a
 * connection string, whatever it looks like (`conninfo_array_parse` in fe-connect.c).
 *
 * @param jobs over how many connections; each of them commits on its own, and one transaction is not possible then.
 */
export function connectedArguments(restore: RestoreArguments, jobs: number | undefined): string[] {
  return [
    '--dbname=',
    '--no-password',
    '--exit-on-error',
    jobs === undefined ? '--single-transaction' : `--jobs=${jobs}`,
    ...sharedArguments(restore),
  ];
}

/** The argument list of a `pg_restore` that writes the script of one transaction, `BEGIN;` and `COMMIT;` included. */
export function scriptArguments(restore: RestoreArguments): string[] {
  return ['--file=-', '--single-transaction', ...sharedArguments(restore)];
}

function sharedArguments({ archive, listFile, noOwner, sections = [], extra }: RestoreArguments): string[] {
  return [
    '--format=custom',
    '--verbose',
    `--use-list=${listFile}`,
    ...(noOwner ? ['--no-owner'] : []),
    ...sections.map((section) => `--section=${section}`),
    ...extra,
    archive,
  ];
}
