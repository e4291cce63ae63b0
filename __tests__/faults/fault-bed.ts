import { rm } from 'node:fs/promises';
import { type TestBed, startTestBed } from '../support/bed.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { fillLarge, fillShop } from '../support/shop.ts';
import { type TcpProxy, startTcpProxy } from '../support/tcp-proxy.ts';

/** A database that backups are made of, and what a correct one holds. */
export interface Subject {
  readonly name: string;
  readonly url: string;
  /** The same database, through the proxy. */
  readonly proxiedUrl: string;
  /** As an undisturbed backup gives it. */
  readonly contentDigest: string;
}

/** Real parts, with places where they can be broken. */
export interface FaultBed extends TestBed {
  /** Stands between the action and the server for whoever takes a `proxiedUrl`. It passes everything on until told. */
  readonly proxy: TcpProxy;
  /** A small shop: a backup of it takes about a second. */
  readonly shop: Subject;
  /** 30 MB, so that a fault can strike in the middle of the dump. */
  readonly large: Subject;
}

const LARGE_MEGABYTES = 30;

/** Starts everything, and fills the tool cache, so that what happens to a run happens to its backup. */
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
  return {
    ...bed,
    proxy,
    shop: await subject('shop'),
    large: await subject('large'),
    async stop() {
      await proxy.stop();
      await bed.stop();
    },
  };
}

async function healthyDigest(bed: TestBed, database: string): Promise<string> {
  const run = await bed.backup({
    inputs: {
      'connection-string': bed.database.urlFor({ database }),
      upload: 'false',
      path: 'undisturbed.bak',
    },
  });
  const digest = run.outputs['content-digest'];
  if (run.exitCode !== 0 || digest === undefined) throw new Error(`The bed is broken:\n${run.log}`);
  return digest;
}

/** A backup of a subject, by default through the proxy, without patience for connections that fail. */
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

/** Removes a folder when the work with it is over. */
export async function withFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
