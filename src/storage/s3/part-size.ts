const MIB = 1024 * 1024;
/** Services take no smaller part than 5 MiB, but for the last. */
const SMALLEST_PART = 8 * MIB;
const MOST_IN_FLIGHT = 4;
/** In bytes: what the parts of a backup may need, those that are sent and the one that is filled. */
const MEMORY = 128 * MIB;
/** A dump can be larger than its database: text takes more space than numbers, and some of what the server compresses comes out as it was. */
const HEADROOM = 2;

/** How a file is cut into parts. */
export interface PartPlan {
  /** Whole MiB. Every part but the last has this size, as some services require. */
  readonly partBytes: number;
  /** How many are sent at once. */
  readonly mostInFlight: number;
  readonly mostParts: number;
}

/** How to cut the backup of a database, so that an object can have as many parts. */
export function planParts(databaseBytes: number, mostParts: number): PartPlan {
  const needed = Math.ceil((databaseBytes * HEADROOM) / mostParts / MIB) * MIB;
  const partBytes = Math.max(SMALLEST_PART, needed);
  const atOnce = Math.floor(MEMORY / partBytes) - 1;
  return { partBytes, mostInFlight: Math.min(MOST_IN_FLIGHT, Math.max(1, atOnce)), mostParts };
}
