import type { RecordedContent } from '../storage/record.ts';
import type { Manifest } from './content/manifest.ts';

/** The contents of an archive, as a record tells them. */
export function recordedContent(manifest: Manifest): RecordedContent {
  const { contentDigest, rows, tables, sequences, definitions } = manifest;
  const { count, bytes, sha256 } = manifest.largeObjects;
  return {
    digest: contentDigest,
    rows,
    tables: tables.map((table) => ({
      name: table.name,
      rows: table.rows,
      bytes: table.bytes,
      sha256: table.sha256,
    })),
    sequences: sequences.map(({ name, value, called }) => ({ name, value, called })),
    largeObjects: { count, bytes, sha256 },
    definitions: definitions.map(({ kind, name, sha256: digest }) => ({ kind, name, digest })),
  };
}
