import { type BucketBed, startBucketBed } from '../support/s3-bucket.ts';
import { startS3rver } from '../support/s3rver-server.ts';
import { startVersitygw } from '../support/versitygw.ts';

/** `s3rver` runs anywhere; `versitygw`, where it can be built, checks digests and conditions. */
export type BucketServer = 's3rver' | 'versitygw';

/** The buckets of a bed, each of which is started for the first case that needs it. */
export interface FaultBuckets {
  /** @returns undefined where there is no such server. */
  on(server: BucketServer): Promise<BucketBed | undefined>;
  /** Those that have been started. */
  started(): Promise<readonly BucketBed[]>;
  /** No fault is set any more. */
  clear(): Promise<void>;
  /** Nothing is in them any more. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

export function faultBuckets(): FaultBuckets {
  const beds = new Map<BucketServer, Promise<BucketBed | undefined>>();
  const start = async (name: BucketServer): Promise<BucketBed | undefined> => {
    const server = await (name === 's3rver' ? startS3rver() : startVersitygw());
    return server && startBucketBed(server);
  };
  const started = async (): Promise<readonly BucketBed[]> =>
    (await Promise.all(beds.values())).filter((bed) => bed !== undefined);
  return {
    on(server) {
      const bed = beds.get(server) ?? start(server);
      beds.set(server, bed);
      return bed;
    },
    started,
    async clear() {
      for (const { proxy } of await started()) proxy.faults = [];
    },
    async empty() {
      for (const bucket of await started()) await bucket.empty();
    },
    async stop() {
      await Promise.all((await started()).map((bed) => bed.stop()));
    },
  };
}
