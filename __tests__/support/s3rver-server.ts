import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import S3rver from 's3rver';
import type { S3Server } from './s3-server.ts';

const BUCKET = 'backups';
/** The only key that it knows. It does not verify signatures of version 4, so any secret will do. */
const ACCESS_KEY_ID = 'S3RVER';

/**
 * Starts s3rver in this process, on a free port, with one bucket in a folder of its own.
 *
 * It is old, and differs from today's servers: it knows no checksums (a digest that does not fit is accepted, and a trailer
 * is stored as content) and no conditions (`If-None-Match` is ignored), lists no multipart uploads (501), takes parts of any
 * size, and cannot list more than 1,000 objects (its tokens are encrypted with DES, which OpenSSL 3 refuses).
 */
export async function startS3rver(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 's3rver-'));
  const s3rver = new S3rver({
    directory: folder,
    silent: true,
    vhostBuckets: false,
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  storeWhole(s3rver.store);
  await s3rver.configureBuckets();
  const uploads = s3rver.store.getResourcePath(BUCKET, undefined, 'uploads');
  const server = await listen(s3rver, uploads);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('s3rver has no port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    bucket: BUCKET,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: randomBytes(20).toString('hex') },
    uploads: () => unfinishedUploads(uploads),
    abortUploads: () => rm(uploads, { recursive: true, force: true }),
    setTime: (key, time) => utimes(s3rver.store.getResourcePath(BUCKET, key, 'object'), time, time),
    async stop() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** With AbortMultipartUpload, which s3rver does not have. */
async function listen(s3rver: S3rver, uploads: string): Promise<Server> {
  const answer = s3rver.callback();
  const server = createServer((request, response) => {
    const upload = new URL(request.url ?? '/', 'http://localhost').searchParams.get('uploadId');
    if (request.method !== 'DELETE' || upload === null) {
      answer(request, response);
      return;
    }
    void endUpload(join(uploads, upload)).then(
      () => response.writeHead(204).end(),
      () =>
        response
          .writeHead(404, { 'content-type': 'application/xml' })
          .end('<Error><Code>NoSuchUpload</Code><Message>There is no such upload.</Message></Error>'),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/**
 * As other servers do it, an object is there when it is whole and on the disk; s3rver itself answers before that, and keeps
 * what arrived of an interrupted request.
 */
function storeWhole(store: S3rver['store']): void {
  store.putObject = async ({ bucket, key, content, metadata }) => {
    const path = store.getResourcePath(bucket, key, 'object');
    await mkdir(dirname(path), { recursive: true });
    const facts = await writeWhole(path, content);
    await store.putMetadata(bucket, key, metadata, facts.md5);
    return facts;
  };
  // A part that comes when its upload has ended finds no folder.
  store.putPart = async (bucket, uploadId, partNumber, content) => {
    const path = join(store.getResourcePath(bucket, undefined, 'uploads'), uploadId, partNumber);
    const facts = await writeWhole(path, content);
    await writeFile(`${path}.md5`, facts.md5);
    return facts;
  };
}

async function writeWhole(path: string, content: Readable | Buffer): Promise<{ size: number; md5: string }> {
  const unfinished = `${path}.${randomBytes(4).toString('hex')}`;
  const md5 = createHash('md5');
  let size = 0;
  const source = Buffer.isBuffer(content) ? Readable.from([content]) : content;
  try {
    await pipeline(
      source,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          md5.update(chunk);
          size += chunk.length;
          yield chunk;
        }
      },
      createWriteStream(unfinished),
    );
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return { size, md5: md5.digest('hex') };
}

/** At once: a part that is still being written, of a client that has gone away, does not find the upload any more. */
async function endUpload(folder: string): Promise<void> {
  const ended = await mkdtemp(join(tmpdir(), 's3rver-ended-'));
  await rename(folder, join(ended, 'upload')).finally(() => rm(ended, { recursive: true }));
}

/** s3rver keeps the key of each upload in a file. */
async function unfinishedUploads(uploads: string): Promise<string[]> {
  const ids = await readdir(uploads).catch(() => []);
  return Promise.all(ids.map((id) => readFile(join(uploads, id, 'key'), 'utf8')));
}
