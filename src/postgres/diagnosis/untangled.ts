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
  // What stood in front of the words of another process, and belongs to words that follow.
  let [programs, errors] = [0, 0];
  return stderr
    .split('\n')
    .map((line) => {
      const heads = HEADS.exec(line)?.[0] ?? '';
      const text = line.slice(heads.length);
      const isContinuation = !heads.includes('pg_dump:');
      if (isContinuation && (programs === 0 || !(PROGRESS.test(text) || WORKER_ERROR.test(text))))
        return line;
      programs += heads.split('pg_dump:').length - 2;
      const ownErrors = heads.split('error: ').length - 1;
      errors += ownErrors;
      const isError = !PROGRESS.test(text) && (ownErrors > 0 || (errors > 0 && WORKER_ERROR.test(text)));
      if (isError) errors -= 1;
      return isError ? `pg_dump: error: ${text}` : `pg_dump: ${text}`;
    })
    .join('\n');
}
