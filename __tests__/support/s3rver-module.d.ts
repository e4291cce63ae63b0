// What is used of it: the package brings no types.
declare module 's3rver' {
  import type { RequestListener } from 'node:http';
  import type { Readable } from 'node:stream';

  interface ContentFacts {
    readonly size: number;
    /** In hexadecimal. */
    readonly md5: string;
  }

  /** Keeps each object in files of a folder. */
  interface FilesystemStore {
    getResourcePath(bucket: string, key: string | undefined, resource: string): string;
    putMetadata(bucket: string, key: string, metadata: object, md5: string): Promise<void>;
    putObject(object: {
      readonly bucket: string;
      readonly key: string;
      readonly content: Readable | Buffer;
      readonly metadata: object;
    }): Promise<ContentFacts>;
    putPart(bucket: string, uploadId: string, partNumber: string, content: Readable): Promise<ContentFacts>;
  }

  export default class S3rver {
    readonly store: FilesystemStore;
    constructor(options: {
      readonly directory: string;
      readonly silent: boolean;
      readonly vhostBuckets: boolean;
      readonly configureBuckets: readonly { readonly name: string; readonly configs: readonly never[] }[];
    });
    configureBuckets(): Promise<unknown>;
    callback(): RequestListener;
  }
}
