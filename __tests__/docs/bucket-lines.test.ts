import { describe, expect, it } from '@jest/globals';
import { markdownFiles } from '../../scripts/docs/markdown-files.ts';
import { readBucketLine } from '../../src/storage/s3/bucket-place.ts';
import { bucketSettings } from '../../src/storage/s3/bucket-settings.ts';

const page = markdownFiles().find(({ path }) => path === 'docs/storage.md')?.text ?? '';
/** The service and its line, row by row. */
const rows = [...page.matchAll(/^\| ([^|`]+) \| `(s3:\/\/[^`]+)` \|/gm)].map(
  ([, service = '', line = '']): [string, string] => [service, line.replace('BUCKET', 'shop-backups')],
);

describe('the lines of storage that the documentation shows for each service', () => {
  it('are many', () => {
    expect(rows.length).toBeGreaterThan(10);
  });

  it.each(rows)('%s: %s is all that needs to be written', (service, line) => {
    const { rules, region } = bucketSettings(readBucketLine('storage', line), {});
    // A service of one's own is known by no host.
    if (service.startsWith('MinIO')) expect(rules.name).toBe('the S3 service minio.example.com');
    else expect(rules.name).toContain(service);
    expect(region).not.toBe('');
  });
});
