import { rm } from 'node:fs/promises';
import { type TestBed, startTestBed } from '../support/bed.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { fillLarge, fillShop } from '../support/shop.ts';
import { type FaultBuckets, faultBuckets } from './fault-buckets.ts';
import { type TcpProxy, startTcpProxy } from '../support/tcp-proxy.ts';

/** A database to back up, and what a correct backup of it contains. */
export interface Subject {
  readonly name: string;
  readonly url: string;
  /** The same database, through the proxy. */
  readonly proxiedUrl: string;
  /** That of a backup without faults. */
  readonly contentDigest: string;
}

/** Real parts into which faults can be injected. */
export interface FaultBed extends TestBed {
  /** Between the action and the server for runs with a `proxiedUrl`. It forwards everything until a fault is set. */
  readonly proxy: TcpProxy;
  readonly buckets: FaultBuckets;
  /** A small shop: a backup of it takes about a second. */
  readonly shop: Subject;
  /** 30 MB, so that a fault can occur in the middle of the dump. */
  readonly large: Subject;
}

const LARGE_MEGABYTES = 30;

/** Starts everything, and fills the tool cache, so that a fault never strikes the installation of the tools. */
export async function startFaultBed(): Promise<FaultBed> {
  const bed = await startTestBed();
  const proxy = await startTcpProxy({
    host: bed.database.host,
    port: Number(new URL(bed.database.url).port),
  });
  await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop' });
  await bed.database.createDatabase('large');
  await fillLarge(bed.database, { database: 'large', megabytes: LARGE_MEGABYTES });
  const subject = async (name: string): Promise<Subject> => ({
    name,
    url: bed.database.urlFor({ database: name }),
    proxiedUrl: proxy.through(bed.database.urlFor({ database: name })),
    contentDigest: await healthyDigest(bed, name),
  });
  const buckets = faultBuckets();
  return {
    ...bed,
    proxy,
    buckets,
    shop: await subject('shop'),
    large: await subject('large'),
    async stop() {
      await Promise.all([proxy.stop(), buckets.stop()]);
      await bed.stop();
    },
  };
}

async function healthyDigest(bed: TestBed, database: string): Promise<string> {
  const run = await bed.backup({
    inputs: {
      'connection-string': bed.database.urlFor({ database }),
      storage: './undisturbed/',
    },
  });
  const digest = run.outputs['content-digest'];
  if (run.exitCode !== 0 || digest === undefined) throw new Error(`The bed is broken:\n${run.log}`);
  return digest;
}

/** Backs up a subject, by default through the proxy and with a single connection attempt. */
export function backUp(
  bed: FaultBed,
  subject: Subject,
  { inputs = {}, ...rest }: RunActionOptions = {},
): Promise<ActionRun> {
  return bed.backup({
    inputs: { 'connection-string': subject.proxiedUrl, 'connection-attempts': '1', ...inputs },
    ...rest,
  });
}

/** Removes a folder after the work with it. */
export async function withFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
