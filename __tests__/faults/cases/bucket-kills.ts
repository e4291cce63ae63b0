import type { ActionRun } from '../../support/runner.ts';
import type { StepHandle } from '../../support/runner-step.ts';
import type { S3Fault } from '../../support/s3-proxy-faults.ts';
import { MIDDLE_PART, RECORD_PUT, backUpInto } from '../bucket-trouble.ts';
import type { FaultBed } from '../fault-bed.ts';
import type { BucketServer } from '../fault-buckets.ts';
import type { FaultCase } from '../fault-case.ts';

/** Ends a backup into a bucket with a signal, where the bucket gives no answer. */
async function endedAt(
  bed: FaultBed,
  signal: NodeJS.Signals,
  at: Omit<S3Fault, 'trouble'>,
  { server, storage = '' }: { readonly server: BucketServer; readonly storage?: string },
): Promise<ActionRun | undefined> {
  const bucket = await bed.buckets.on(server);
  if (!bucket) return undefined;
  const started = Promise.withResolvers<StepHandle>();
  bucket.proxy.faults = [{ ...at, trouble: { kind: 'stall' } }];
  const struck = bucket.proxy.struck();
  const inputs = { storage: `${bucket.storage()}${storage}` };
  const running = backUpInto(bed, bucket, { inputs, onStart: started.resolve });
  await Promise.race([struck, running]);
  (await started.promise).kill(signal);
  return running;
}

const NO_BACKUP = /^No backup was made: the job was killed before it could report a result\.\n.*Run it again/;
const CANCELLED = /cancelled \(SIG(?:INT|TERM)\)/;
const COMPLETION = { on: 'CompleteMultipartUpload' } as const;

const WHERE = [
  { when: 'in the middle of the parts', at: MIDDLE_PART },
  { when: 'at the completion', at: COMPLETION },
  { when: 'at the record', at: RECORD_PUT },
] as const;

/** Jobs that end while a bucket takes their backup: what is in it then is removed. */
export const bucketKillCases: readonly FaultCase[] = WHERE.flatMap(({ when, at }) => [
  ...(['s3rver', 'versitygw'] as const).map((server): FaultCase => ({
    fault: `the process is killed (SIGKILL) ${when} in a bucket of ${server}`,
    phase: 'upload',
    outcome: 'killed',
    store: 'a bucket',
    says: NO_BACKUP,
    ...(server === 's3rver' && at === RECORD_PUT ? { everyday: true } : {}),
    strike: (bed) => endedAt(bed, 'SIGKILL', at, { server }),
  })),
  {
    fault: `the job is cancelled (SIGINT) ${when} in a bucket`,
    phase: 'upload',
    outcome: 'failed',
    store: 'a bucket',
    says: CANCELLED,
    strike: (bed) => endedAt(bed, 'SIGINT', at, { server: 's3rver' }),
  },
  {
    fault: `the process is killed (SIGKILL) ${when} in a bucket and the artifact service`,
    phase: 'upload',
    outcome: 'killed',
    says: NO_BACKUP,
    strike: (bed) => endedAt(bed, 'SIGKILL', at, { server: 's3rver', storage: '\nartifact' }),
  },
]);
