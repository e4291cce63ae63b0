import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError, messageOf } from '../../errors.ts';
import { UnexpectedResponse } from '../../github/json.ts';
import { watchStall } from '../../process/stall.ts';
import { untilAborted } from '../../process/until-aborted.ts';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import type { Retention } from './retention.ts';

/** The client tries a call that fails five times, within 35 s, and waits three minutes for one that is not answered. */
const LONGEST_MS = 80_000;

/** An artifact that is to have one small file. */
export interface RecordUpload {
  /** Of the file and the artifact. */
  readonly name: string;
  readonly content: Buffer;
  /** An existing folder that only this user can read. */
  readonly folder: string;
  readonly retention: Retention;
  readonly signal: AbortSignal;
}

/** GitHub's own client. Loading it takes longer than everything that the record needs. */
export async function loadToolkit(): Promise<typeof import('@actions/artifact')> {
  return import('@actions/artifact');
}

/**
 * Uploads a record with GitHub's own client, which takes a file, reads the environment of the process itself, and prints.
 * It takes no signal: when this one is aborted, or after 80 s, it goes on and nobody waits for it.
 *
 * @throws UserError when the file cannot be written; the error of the client, or that of the limit; the signal's reason.
 */
export async function uploadRecord(upload: RecordUpload): Promise<void> {
  const { name, folder, retention, signal } = upload;
  const file = path.join(folder, name);
  await writeFile(file, upload.content, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    throw unwritable(folder, error);
  });
  const { DefaultArtifactClient } = await loadToolkit();
  const limit = watchStall(
    LONGEST_MS,
    () => new UnexpectedResponse(`the record was not stored within ${duration(LONGEST_MS)}`),
  );
  // Not above the repository's limit: the client would warn of that.
  const options = { skipArchive: true, retentionDays: retention.grantedDays };
  try {
    await log.group('Uploading the record', () =>
      untilAborted(
        AbortSignal.any([signal, limit.signal]),
        new DefaultArtifactClient().uploadArtifact(name, [file], folder, options),
      ),
    );
  } finally {
    limit.stop();
  }
}

function unwritable(folder: string, error: unknown): UserError {
  return new UserError(
    'runner',
    `The record of the backup could not be written to ${folder}: ${messageOf(error)}`,
    'Check that the disk of the runner has enough space, and run the job again.',
    { cause: error },
  );
}
