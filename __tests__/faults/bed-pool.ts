import { type FaultBed, startFaultBed } from './fault-bed.ts';

/** Beds for cases that run in parallel. */
export interface BedPool {
  /** Waits for a free bed, and reserves it for the time of `work`. */
  use<T>(work: (bed: FaultBed) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export async function bedPool(size: number): Promise<BedPool> {
  const beds = await Promise.all(Array.from({ length: size }, startFaultBed));
  const free = [...beds];
  const waiting: ((bed: FaultBed) => void)[] = [];
  const release = (bed: FaultBed): void => {
    const next = waiting.shift();
    if (next) next(bed);
    else free.push(bed);
  };
  return {
    async use(work) {
      const bed = free.pop() ?? (await new Promise<FaultBed>((resolve) => waiting.push(resolve)));
      try {
        return await work(bed);
      } finally {
        release(bed);
      }
    },
    async stop() {
      await Promise.all(beds.map((bed) => bed.stop()));
    },
  };
}
