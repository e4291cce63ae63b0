import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import {
  BlobSASPermissions,
  BlobServiceClient,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
} from '@azure/storage-blob';
import { run } from '../../src/process/run.ts';
import { REPOSITORY_ROOT, nodeProgram } from './node-program.ts';

/** Azurite: the blob storage of the artifact service. */
export interface BlobStore {
  /** Where Azurite itself listens, without a slash at the end. */
  readonly origin: string;
  /** The first part of every blob's path. */
  readonly account: string;
  /** Path and query that allow to write one blob for an hour. */
  uploadPath(blobName: string): string;
  /** Path and query that allow to read one blob for ten minutes, to be saved as `fileName`. */
  downloadPath(blobName: string, fileName: string): string;
  /** In bytes; undefined when there is no such blob, or it was never committed. */
  size(blobName: string): Promise<number | undefined>;
  read(blobName: string): Promise<Readable>;
  write(blobName: string, content: Buffer): Promise<void>;
  remove(blobName: string): Promise<void>;
  /** Azurite's process. */
  readonly pid: number;
  stop(): Promise<void>;
}

const CONTAINER = 'artifacts';
/** Ends Azurite when its standard input closes, which happens however the process that started it ends. */
const END_WITH_PARENT = 'data:text/javascript,process.stdin.resume().once("end",()=>process.exit()).unref()';

/** Starts Azurite on a free port, everything in memory, and makes its container. Takes about half a second. */
export async function startBlobStore(): Promise<BlobStore> {
  const account = 'artifactstore';
  const key = randomBytes(32).toString('base64');
  const server = await startAzurite(`${account}:${key}`);
  const credential = new StorageSharedKeyCredential(account, key);
  const container = new BlobServiceClient(`${server.origin}/${account}`, credential).getContainerClient(
    CONTAINER,
  );
  await container.create();

  const sign = (blobName: string, permissions: string, minutes: number, disposition?: string): string => {
    const sas = generateBlobSASQueryParameters(
      {
        containerName: CONTAINER,
        blobName,
        permissions: BlobSASPermissions.parse(permissions),
        expiresOn: new Date(Date.now() + minutes * 60_000),
        ...(disposition === undefined ? {} : { contentDisposition: disposition }),
      },
      credential,
    );
    return `/${account}/${CONTAINER}/${blobName}?${sas.toString()}`;
  };
  return {
    origin: server.origin,
    account,
    uploadPath: (blobName) => sign(blobName, 'cw', 60),
    downloadPath: (blobName, fileName) => sign(blobName, 'r', 10, attachment(fileName)),
    async size(blobName) {
      const blob = container.getBlobClient(blobName);
      return (await blob.exists()) ? (await blob.getProperties()).contentLength : undefined;
    },
    async read(blobName) {
      const { readableStreamBody } = await container.getBlobClient(blobName).download();
      // The declared type also covers the browser's stream; in Node it is always this one.
      if (!(readableStreamBody instanceof Readable)) throw new Error(`The blob ${blobName} has no body.`);
      return readableStreamBody;
    },
    async write(blobName, content) {
      await container.getBlockBlobClient(blobName).uploadData(content);
    },
    async remove(blobName) {
      await container.getBlobClient(blobName).deleteIfExists();
    },
    pid: server.pid,
    stop: server.stop,
  };
}

interface AzuriteServer {
  readonly origin: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

async function startAzurite(accounts: string): Promise<AzuriteServer> {
  const program = join(REPOSITORY_ROOT, 'node_modules/azurite/dist/src/blob/main.js');
  const options = ['--disableTelemetry', '--skipApiVersionCheck', '--inMemoryPersistence', '--silent'];
  const abort = new AbortController();
  const stopped = new Error('stopped');
  const started = Promise.withResolvers<string>();
  let output = '';
  let pid = 0;
  const ended = run(nodeProgram(), ['--import', END_WITH_PARENT, program, ...options, '--blobPort', '0'], {
    env: { AZURITE_ACCOUNTS: accounts },
    // It writes nothing there as long as everything is in memory.
    cwd: tmpdir(),
    signal: abort.signal,
    stdin: new PassThrough(),
    onSpawn: (id) => {
      pid = id;
    },
    onStdout: (chunk) => {
      output += chunk.toString('utf8');
      const origin = /listens on (http:\/\/[\d.]+:\d+)/.exec(output)?.[1];
      if (origin !== undefined) started.resolve(origin);
    },
  }).then(
    ({ stderr }) => {
      started.reject(new Error(`Azurite ended by itself.\n${output}${stderr}`));
    },
    (error: unknown) => {
      started.reject(error);
      if (error !== stopped) throw error;
    },
  );
  const stop = async (): Promise<void> => {
    abort.abort(stopped);
    await ended;
  };
  try {
    return { origin: await started.promise, pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A header that names the file: plain for old clients, RFC 5987 for every other character. */
function attachment(fileName: string): string {
  const plain = fileName.replace(/[^\x20-\x7e]|["\\]/gu, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(fileName)}`;
}
