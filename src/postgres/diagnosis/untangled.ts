/** What stands in front of a message. */
const HEADS = /^(?:pg_dump:| |error: )+/;
/** What `pg_dump --verbose` says while it dumps rows. */
const PROGRESS = /^(?:dumping contents of table "|processing item \d|finished item \d)/;
/** With what the error of a worker begins, and neither a statement nor a value. */
const WORKER_ERROR =
  /^(?:could not obtain lock on relation "|could not write to file|query failed: |Dumping the contents of table "|connection to server )/;

/**
 * The same output, where processes of `pg_dump` got between each other's words: they share one stream, on which each message
 * is written in pieces, `pg_dump:`, a space, `error: ` and the text (`pg_log_generic_v` in common/logging.c).
 */
export function untangled(stderr: string): string {
  // Heads in front of the words of another process: how many of them belong to words that follow.
  let [programs, errors] = [0, 0];
  return stderr
    .split('\n')
    .map((line) => {
      const heads = HEADS.exec(line)?.[0] ?? '';
      const text = line.slice(heads.length);
      const [isProgress, isWorkerError] = [PROGRESS.test(text), WORKER_ERROR.test(text)];
      const ownPrograms = heads.split('pg_dump:').length - 1;
      const ownErrors = heads.split('error: ').length - 1;
      const isMessage = ownPrograms > 0 || (programs > 0 && (isProgress || isWorkerError));
      if (!isMessage) return line;
      programs += ownPrograms - 1;
      errors += ownErrors;
      const isError = !isProgress && (ownErrors > 0 || (errors > 0 && isWorkerError));
      if (isError) errors -= 1;
      return isError ? `pg_dump: error: ${text}` : `pg_dump: ${text}`;
    })
    .join('\n');
}
