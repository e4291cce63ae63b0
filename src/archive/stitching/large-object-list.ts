import { createHash } from 'node:crypto';
import { integerBytes } from '../toc/head.ts';
import { type DataFile, dataFile, openDataFile } from './data-file.ts';
import { foreign, incomplete } from './stream-end.ts';

/** A large object of a directory. */
export interface LargeObject {
  readonly oid: number;
  readonly file: DataFile;
}

const LINE = /^(\d{1,10}) (blob_\d{1,10}\.dat)$/;
const HIGHEST_OID = 2 ** 32 - 1;

/**
 * The large objects that a list names, in its order; there may be millions.
 *
 * @param suffix of the files' names.
 * @throws UserError when a file is missing, or the list is not what `pg_dump` writes (`_EndLO` in pg_backup_directory.c).
 */
export async function* largeObjects(
  directory: string,
  list: DataFile,
  suffix: string,
): AsyncGenerator<LargeObject> {
  await using handle = await openDataFile(list);
  let bytes = 0;
  for await (const line of handle.readLines({ encoding: 'latin1', autoClose: false })) {
    bytes += line.length + 1;
    const [, digits = '', name = ''] = LINE.exec(line) ?? [];
    const oid = Number(digits);
    if (name !== `blob_${oid}.dat` || oid === 0 || oid > HIGHEST_OID) throw foreign(list.name);
    yield { oid, file: await dataFile(directory, name + suffix) };
  }
  // The last line ends too.
  if (bytes !== list.bytes) throw incomplete(list.name);
}

/** An OID as `pg_dump` writes it: a signed integer of the same bits. */
export function oidBytes(oid: number): Buffer {
  return integerBytes(oid | 0);
}

/** Tells whether the same large objects come twice, without keeping them. */
export class LargeObjectsIdentity {
  readonly #hash = createHash('sha256');

  add({ oid, file }: LargeObject): void {
    this.#hash.update(`${oid} ${file.identity}\n`);
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}
