import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { errorCode } from '../../errors.ts';
import { recordName } from '../backup-file-name.ts';
import { parseRecord, unusableRecord } from '../parse-record.ts';
import { type BackupRecord, LARGEST_RECORD_BYTES, serializeRecord } from '../record.ts';
import { PARTIAL } from './folder-listing.ts';

/** Refuses a symbolic link in place of the file. Windows has no such flag. */
export const READ_NO_LINK = constants.O_RDONLY | constants.O_NOFOLLOW;

/**
 * Reads the record beside a file.
 *
 * @param file its path.
 * @returns undefined when there is none.
 * @throws UserError when it cannot be used; an error of Node.js when it cannot be read.
 */
export async function readRecordBeside(
  file: string,
  of: { readonly name: string; readonly size: number },
): Promise<BackupRecord | undefined> {
  try {
    const handle = await open(recordName(file), READ_NO_LINK);
    try {
      const { size } = await handle.stat();
      if (size > LARGEST_RECORD_BYTES) throw unusableRecord(of.name, 'it is too large');
      return parseRecord(await handle.readFile(), of);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes the record beside a file, under another name first: whoever sees it sees all of it. */
export async function writeRecordBeside(file: string, record: BackupRecord): Promise<void> {
  const target = recordName(file);
  const partial = `${target}${PARTIAL}`;
  const handle = await open(partial, 'wx', 0o600);
  try {
    await handle.writeFile(serializeRecord(record));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, target);
}
