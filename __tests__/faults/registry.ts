import { artifactServiceCases } from './cases/artifact-service.ts';
import { blobStorageCases } from './cases/blob-storage.ts';
import { bucketCases } from './cases/bucket.ts';
import { bucketGridCases } from './cases/bucket-grid.ts';
import { bucketKillCases } from './cases/bucket-kills.ts';
import { bucketRecordCases } from './cases/bucket-record.ts';
import { consumerCases } from './cases/consumers.ts';
import { diskCases } from './cases/disk.ts';
import { machineCases } from './cases/machine.ts';
import { networkCases } from './cases/network.ts';
import { parallelCases } from './cases/parallel.ts';
import { serverCases } from './cases/server.ts';
import { signalCases } from './cases/signals.ts';
import { storeCases } from './cases/stores.ts';
import { tableCases } from './cases/tables.ts';
import { toolCases } from './cases/tools.ts';
import { twinCases } from './cases/twins.ts';
import { unfinishedCases } from './cases/unfinished.ts';
import type { FaultCase } from './fault-case.ts';

/** Every group of cases, in the order of the published matrix. */
export const FAULTS = {
  'The network': networkCases,
  'The server': serverCases,
  Tables: tableCases,
  'Parallel dumps': parallelCases,
  'The client tools': toolCases,
  'What takes the dump': consumerCases,
  'The disk': diskCases,
  'The runner': machineCases,
  'Cancelled and killed jobs': signalCases,
  'The artifact service': artifactServiceCases,
  'The artifact storage': blobStorageCases,
  'The bucket': [...bucketGridCases, ...bucketCases, ...bucketRecordCases, ...bucketKillCases],
  'The stores and the record': [...storeCases, ...unfinishedCases],
  'Two jobs at once': twinCases,
} as const satisfies Readonly<Record<string, readonly FaultCase[]>>;

export type FaultGroup = keyof typeof FAULTS;
