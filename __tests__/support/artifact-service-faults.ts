/**
 * A place where the artifact service can be told to fail. `rest` is the REST calls but for deletions, `blobPut` and
 * `blobGet` are the storage behind it, and `blobCommit` is what makes the blocks of a blob one, which `blobPut` covers too
 * when it has no fault of its own.
 */
export type FaultPoint =
  | 'createArtifact'
  | 'finalizeArtifact'
  | 'listArtifacts'
  | 'getSignedArtifactURL'
  | 'deleteArtifact'
  | 'rest'
  | 'restDelete'
  | 'blobPut'
  | 'blobCommit'
  | 'blobGet';

/** An answer that is made up in full, such as that of a rate limit. */
export interface MadeUpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
}

/** How a request fails instead of being served. */
export interface Fault {
  /**
   * What the client gets: an HTTP status, or a whole answer; a connection that is reset after its request was read
   * (in a blob's case: after its first bytes, or half of it when it is read); no answer at all until the service
   * stops; a connection that is reset after the request was served (`lost`: only calls of the runner's own protocol); or a
   * damaged body (a blob with one bit flipped on its way, anywhere else text that is no JSON). An
   * answer can also stop in its middle (`stall`), or end there (`truncate`; a blob as if that were all).
   */
  readonly answer: number | MadeUpAnswer | 'reset' | 'hang' | 'lost' | 'corrupt' | 'stall' | 'truncate';
  /** So many requests to this place are served first; none when absent. */
  readonly after?: number;
  /** Only every n-th request to this place fails; every one when absent. */
  readonly everyNth?: number;
  /** After so many failures the place works again; never when absent. */
  readonly times?: number;
}

/** Which places fail, and how. */
export type FaultPlan = Partial<Record<FaultPoint, Fault>>;

/** Counts the requests that each fault has seen, so that `after`, `everyNth` and `times` start anew with each new fault. */
export function createFaultCounter(): (fault: Fault | undefined) => Fault['answer'] | undefined {
  const counts = new WeakMap<Fault, { seen: number; failed: number }>();
  return (fault) => {
    if (!fault) return undefined;
    const count = counts.get(fault) ?? { seen: 0, failed: 0 };
    counts.set(fault, count);
    count.seen += 1;
    if (count.seen <= (fault.after ?? 0)) return undefined;
    if (count.seen % (fault.everyNth ?? 1) !== 0 || count.failed >= (fault.times ?? Infinity))
      return undefined;
    count.failed += 1;
    return fault.answer;
  };
}
