import type { Manifest } from '../archive/content/manifest.ts';
import { recordedContent } from '../archive/recorded-content.ts';
import { UserError } from '../errors.ts';
import { count, someOf } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { plainLine } from '../runner/plain-text.ts';
import { type BackupRecord, type RecordedContent, isOpenRecord } from '../storage/record.ts';
import type { FileFacts } from '../storage/store.ts';

const MOST_NAMED = 10;

/**
 * Requires that a backup, which was read whole, is what its record says: the file, and what is in it. The record of an encrypted
 * backup, or of one in a public repository, tells of the file only.
 *
 * @throws UserError naming what differs.
 */
export function requireRecorded(record: BackupRecord | undefined, file: FileFacts, manifest: Manifest): void {
  if (!record) {
    log.info('The backup has no record: what is restored is compared with the file alone');
    return;
  }
  const differences = differencesFrom(record, file, recordedContent(manifest));
  if (differences.length > 0) {
    throw new UserError(
      'not-a-backup',
      `The backup is not what its record says: ${someOf(differences.map(plainLine), MOST_NAMED)}.`,
      'The file or its record has changed since it was made: use another copy or backup.',
      { silent: { message: 'The backup is not what its record says.' } },
    );
  }
  log.info(
    isOpenRecord(record)
      ? 'The backup is what its record says: size, SHA-256, content and definitions match'
      : 'The backup is what its record says: size and SHA-256 match',
  );
}

/** How a backup differs from its record, a phrase each. Pure. */
export function differencesFrom(
  record: BackupRecord,
  { size, sha256 }: FileFacts,
  content: RecordedContent,
): string[] {
  const differences = [
    ...(size === record.file.size ? [] : [`the file has ${size} bytes instead of ${record.file.size}`]),
    ...(sha256 === record.file.sha256 ? [] : ['the SHA-256 of the file is another']),
  ];
  if (!isOpenRecord(record)) return differences;
  differences.push(...contentDifferences(partsOf(record.content), partsOf(content)));
  const isOther = content.digest !== record.content.digest;
  return isOther && differences.length === 0 ? ['the content digest is another'] : differences;
}

/** Something in a backup, by a phrase that names it. */
type Parts = ReadonlyMap<string, { readonly value: string; readonly rows?: number }>;

function partsOf({ tables, sequences, largeObjects, definitions }: RecordedContent): Parts {
  const digests = Map.groupBy(definitions, ({ kind, name }) => `the definition of ${kind} ${name}`);
  return new Map([
    ...tables.map(({ name, rows, sha256 }) => [name, { value: sha256, rows }] as const),
    ...sequences.map(
      ({ name, value, called }) => [`the sequence ${name}`, { value: `${value} ${called}` }] as const,
    ),
    ['the content of large objects', { value: `${largeObjects.count} ${largeObjects.sha256}` }] as const,
    ...[...digests].map(([name, list]) => {
      const value = list.map(({ digest }) => digest).sort();
      return [name, { value: value.join() }] as const;
    }),
  ]);
}

function contentDifferences(recorded: Parts, found: Parts): string[] {
  const surplus = [...found.keys()].filter((name) => !recorded.has(name));
  return [
    ...[...recorded].flatMap(([name, { value, rows }]) => {
      const other = found.get(name);
      if (!other) return [`${name} is missing`];
      if (other.rows !== undefined && rows !== undefined && other.rows !== rows) {
        return [`${name} has ${count(other.rows, 'row')} instead of ${count(rows, 'row')}`];
      }
      return other.value === value ? [] : [`${name} differs`];
    }),
    ...surplus.map((name) => `${name} is not in the record`),
  ];
}
