import { once } from 'node:events';
import { type RequestListener, createServer } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { readBucketLine } from '../../../src/storage/s3/bucket-place.ts';
import { bucketStore } from '../../../src/storage/s3/bucket-store.ts';
import { connectBucket } from '../../../src/storage/s3/s3-client.ts';
import type { Series } from '../../../src/storage/store.ts';
import { userErrorOf } from '../../support/user-error.ts';

const NAME = 'shop-20261121T034509Z-01234567.bak';
const OBJECTS = [NAME, `${NAME}.json`]
  .map((name) => `<Contents><Key>shop/${name}</Key><Size>5000</Size></Contents>`)
  .join('');
const NO_UPLOADS =
  '<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>';

let stop = (): void => undefined;
afterEach(() => {
  stop();
});

/** Lists a series at a service that gives the same answer to each request of a kind. */
async function listAt(answers: { readonly objects: string; readonly uploads?: string }): Promise<Series> {
  const answer: RequestListener = ({ url = '' }, response) =>
    response.end(url.includes('uploads') ? (answers.uploads ?? NO_UPLOADS) : answers.objects);
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stop = () => {
    server.closeAllConnections();
    server.close();
  };
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  const place = readBucketLine('storage', `s3://backups?endpoint=http://127.0.0.1:${address.port}`);
  const env = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' };
  return bucketStore(place, AbortSignal.timeout(20_000), () => connectBucket(place, env)).list('shop');
}

const list = (content: string): string =>
  `<ListBucketResult><Name>backups</Name>${content}</ListBucketResult>`;

describe('a list of a bucket', () => {
  it.each([
    ['is a website', '<html><body>Welcome</body></html>', /it is not a list of objects/],
    ['is empty', '', /it is not a list of objects/],
    [
      'names the same next page each time',
      list(`<IsTruncated>true</IsTruncated><NextContinuationToken>next</NextContinuationToken>${OBJECTS}`),
      /the list has more pages, and the service does not give the next one/,
    ],
    [
      'has more pages and does not name the next one',
      list(`<IsTruncated>true</IsTruncated>${OBJECTS}`),
      /the list has more pages, and the service does not give the next one/,
    ],
  ])('is refused when the answer %s', async (_, objects, why) => {
    const { message, hint } = await userErrorOf(listAt({ objects }));
    expect(message).toMatch(/^storage: could not list the backups in the bucket backups: /);
    expect(message).toMatch(why);
    expect(hint).toMatch(/^Check the endpoint: it is the address of the S3 API/);
  });

  it('is complete when only that of the uploads never ends', async () => {
    const { backups, unfinished } = await listAt({
      objects: list(`<IsTruncated>false</IsTruncated>${OBJECTS}`),
      uploads:
        '<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>shop/a</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker></ListMultipartUploadsResult>',
    });
    expect(backups.map(({ name }) => name)).toEqual([NAME]);
    expect(unfinished).toEqual([]);
  });
});
