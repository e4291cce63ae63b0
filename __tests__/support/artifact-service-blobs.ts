import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  BlobSASPermissions,
  BlobServiceClient,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
} from '@azure/storage-blob';
import { ACCOUNT, azurite } from './azurite.ts';

/** The blob storage of the artifact service. */
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
  /** Deletes everything that is stored. */
  stop(): Promise<void>;
}

/**
 * Makes a container of its own, which `stop` deletes, in an Azurite that this process has for all of its containers: to
 * start one takes half a second.
 */
export async function startBlobStore(): Promise<BlobStore> {
  const { origin, key } = await azurite();
  const credential = new StorageSharedKeyCredential(ACCOUNT, key);
  const containerName = `artifacts-${randomBytes(6).toString('hex')}`;
  const container = new BlobServiceClient(`${origin}/${ACCOUNT}`, credential).getContainerClient(
    containerName,
  );
  await container.create();

  const sign = (blobName: string, permissions: string, minutes: number, disposition?: string): string => {
    const sas = generateBlobSASQueryParameters(
      {
        containerName,
        blobName,
        permissions: BlobSASPermissions.parse(permissions),
        expiresOn: new Date(Date.now() + minutes * 60_000),
        ...(disposition === undefined ? {} : { contentDisposition: disposition }),
      },
      credential,
    );
    return `/${ACCOUNT}/${containerName}/${blobName}?${sas.toString()}`;
  };
  return {
    origin,
    account: ACCOUNT,
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
    async stop() {
      await container.delete();
    },
  };
}

/** A header that names the file: plain for old clients, RFC 5987 for every other character. */
function attachment(fileName: string): string {
  const plain = fileName.replace(/[^\x20-\x7e]|["\\]/gu, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(fileName)}`;
}
