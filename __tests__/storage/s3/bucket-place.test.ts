import { describe, expect, it } from '@jest/globals';
import { bucketName, readBucketLine, readEndpoint } from '../../../src/storage/s3/bucket-place.ts';
import { errorText } from '../../support/user-error.ts';

const read = (line: string): ReturnType<typeof readBucketLine> => readBucketLine('storage', line);
const refused = (line: string): string => errorText(() => read(line));
const PLAIN = { prefix: '', region: undefined, endpoint: undefined, pathStyle: undefined };

describe('the line of a bucket', () => {
  it('names a bucket, and everything else is left to the environment', () => {
    expect(read('s3://shop-backups')).toEqual({
      given: 's3://shop-backups',
      bucket: 'shop-backups',
      ...PLAIN,
    });
  });

  it.each([
    ['s3://shop-backups/', ''],
    ['s3://shop-backups/nightly', 'nightly/'],
    ['s3://shop-backups/nightly/', 'nightly/'],
    ['s3://shop-backups/shop/nightly+1/a=b', 'shop/nightly+1/a=b/'],
  ])('has a prefix that ends with a slash: %s', (line, prefix) => {
    expect(read(line)).toMatchObject({ bucket: 'shop-backups', prefix });
  });

  it('has a region, an endpoint and a style, in any order', () => {
    const line = 's3://shop-backups/a?path-style=true&endpoint=s3.example.com:9000&region=eu-central-1';
    expect(read(line)).toEqual({
      given: line,
      bucket: 'shop-backups',
      prefix: 'a/',
      region: 'eu-central-1',
      endpoint: 'https://s3.example.com:9000',
      pathStyle: true,
    });
    expect(read('s3://shop-backups?path-style=false').pathStyle).toBe(false);
  });

  it.each([
    ['s3.example.com', 'https://s3.example.com'],
    ['localhost:9000', 'https://localhost:9000'],
    ['http://localhost:9000/', 'http://localhost:9000'],
    ['https://ref.storage.supabase.co/storage/v1/s3', 'https://ref.storage.supabase.co/storage/v1/s3'],
  ])('takes an endpoint with or without a scheme: %s', (value, url) => {
    expect(readEndpoint('AWS_ENDPOINT_URL', value)).toBe(url);
  });

  it.each([
    ['s3://', /storage: "" is not the name of a bucket[^]*s3:\/\/BUCKET\/PREFIX/],
    ['s3:///nightly', /"" is not the name of a bucket/],
    ['s3://a', /"a" is not the name of a bucket[^]*three or more letters/],
    ['s3://shop backups', /"shop backups" is not the name/],
    ['s3://shop..backups', /is not the name/],
    [
      's3://s3.eu-central-1.amazonaws.com/shop',
      /is an endpoint[^]*endpoint=s3\.eu-central-1\.amazonaws\.com"/,
    ],
    ['s3://nyc3.digitaloceanspaces.com/shop', /is an endpoint/],
    ['s3://shop//nightly', /the prefix "\/nightly" cannot be used/],
    ['s3://shop/a//b', /the prefix "a\/\/b" cannot be used/],
    ['s3://shop/../b', /the prefix "\.\.\/b" cannot be used/],
    ['s3://shop/a%20b', /the prefix "a%20b" cannot be used/],
    [`s3://shop/${'a'.repeat(600)}`, /no more than 512 characters/],
    ['s3://shop/a#b', /"#" not at all/],
    ['s3://shop?region=a?endpoint=b', /"\?" may be there once/],
    ['s3://shop?regoin=eu-central-1', /"regoin" is not a parameter[^]*region, endpoint, path-style/],
    ['s3://shop?region=a&region=b', /region is there twice/],
    ['s3://shop?region=', /region is empty/],
    ['s3://shop?region=eu central', /the region "eu central" cannot be used/],
    ['s3://shop?path-style=yes', /storage: path-style: "yes" must be true or false/],
    ['s3://shop?endpoint=ftp://example.com', /"ftp:\/\/example\.com" is not the endpoint/],
    ['s3://shop?endpoint=https://', /is not the endpoint/],
  ])('is an error that says what is wrong: %s', (line, text) => {
    expect(refused(line)).toMatch(text);
  });

  it.each([
    's3://AKIAEXAMPLE:hunter2hunter2@shop-backups/nightly',
    's3://hunter2hunter2@shop-backups',
    's3://shop-backups?endpoint=https://AKIAEXAMPLE:hunter2hunter2@s3.example.com',
    's3://shop-backups?secret_access_key=hunter2hunter2',
    's3://shop-backups?token=hunter2hunter2',
  ])('with credentials is refused, and they are not shown: %s', (line) => {
    expect(refused(line)).toMatch(/AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in "env:"/);
    expect(refused(line)).not.toMatch(/hunter2|AKIAEXAMPLE/);
  });

  it('is named in messages without its parameters', () => {
    expect(bucketName(read('s3://shop-backups?region=a'))).toBe('the bucket shop-backups');
    expect(bucketName(read('s3://shop-backups/a/b/'))).toBe('the bucket shop-backups/a/b');
  });
});
