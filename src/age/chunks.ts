/** Splits bytes that come in pieces of any size into chunks of one size. */
export interface Chunks {
  /** The chunks that more bytes follow. Each is valid until the next one is requested. */
  add(bytes: Uint8Array): Iterable<Uint8Array>;
  /** The rest after all bytes were added: up to one chunk, empty only if there were no bytes at all. */
  last(): Uint8Array;
}

/** @param size of a chunk in bytes. */
export function chunksOf(size: number): Chunks {
  const held = new Uint8Array(size);
  let heldBytes = 0;
  return {
    *add(bytes) {
      let rest = bytes;
      while (rest.length > 0) {
        if (heldBytes === size) {
          heldBytes = 0;
          yield held;
        }
        if (heldBytes === 0 && rest.length > size) {
          yield rest.subarray(0, size);
          rest = rest.subarray(size);
          continue;
        }
        const taken = rest.subarray(0, size - heldBytes);
        held.set(taken, heldBytes);
        heldBytes += taken.length;
        rest = rest.subarray(taken.length);
      }
    },
    last: () => held.subarray(0, heldBytes),
  };
}
