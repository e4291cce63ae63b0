import { describe, expect, it } from '@jest/globals';
import { readStore, readStores } from '../../src/storage/store-inputs.ts';
import { errorText } from '../support/user-error.ts';

describe('the lines of storage', () => {
  it('are the artifact, folders and buckets, in their order', () => {
    expect(
      readStores('storage', 'artifact\n./backups/\n\n  s3://shop-backups/nightly?region=eu-west-1\n'),
    ).toEqual([
      { kind: 'artifact' },
      { kind: 'folder', given: './backups/' },
      {
        kind: 'bucket',
        place: expect.objectContaining({ bucket: 'shop-backups', prefix: 'nightly/', region: 'eu-west-1' }),
      },
    ]);
  });

  it.each([
    ['artifact\nartifact', '"artifact"'],
    ['./a\n./a/', '"./a/"'],
    ['s3://shop/a\ns3://shop/a/?region=eu-west-1', '"s3://shop/a/?region=eu-west-1"'],
  ])('may not name a store twice: %j', (value, line) => {
    expect(errorText(() => readStores('storage', value))).toContain(`storage: ${line} is there twice`);
  });

  it('may name one bucket with several prefixes, and at several services', () => {
    expect(readStores('storage', 's3://shop\ns3://shop/a\ns3://shop?endpoint=s3.example.com')).toHaveLength(
      3,
    );
  });

  it.each([
    [
      'backups',
      /"backups" must be "artifact", a bucket \("s3:\/\/BUCKET\/PREFIX"\), or the path of a folder/,
    ],
    ['gs://shop', /must be "artifact", a bucket[^]*"storage: s3:\/\/BUCKET"/],
    ['s3://shop/a b', /the prefix "a b" cannot be used/],
    ['', /the value is empty/],
  ])('are an error that lists what is allowed: %j', (value, text) => {
    expect(errorText(() => readStores('storage', value))).toMatch(text);
    expect(errorText(() => readStore('storage', value))).toMatch(text);
  });
});

it('an action that uses one store takes a bucket, and no second line', () => {
  expect(readStore('storage', 's3://shop')).toMatchObject({ kind: 'bucket', place: { bucket: 'shop' } });
  expect(errorText(() => readStore('storage', 's3://shop\nartifact'))).toContain(
    'only one store is used here',
  );
});
