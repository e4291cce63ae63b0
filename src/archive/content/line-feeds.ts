const LINE_FEED = 10;
const LOW_BITS = 0x7f7f7f7f;

/**
 * Counts the line feeds in `bytes` from index `from` up to `to`.
 *
 * Four bytes at a time: the rows of a large table are counted here, and a call of `indexOf` for each row, or a
 * loop over bytes, takes several times as long as hashing.
 */
export function countLineFeeds(bytes: Buffer, from: number, to: number): number {
  const aligned = Math.min(to, from + ((4 - ((bytes.byteOffset + from) & 3)) & 3));
  const words = new Int32Array(
    bytes.buffer,
    aligned === to ? 0 : bytes.byteOffset + aligned,
    (to - aligned) >>> 2,
  );
  let count = countOneByOne(bytes, from, aligned);
  for (let at = 0; at < words.length;) {
    // Each of the four bytes of `sums` counts for itself, so it may take 255 words before it is full.
    const stop = Math.min(words.length, at + 255);
    let sums = 0;
    for (; at < stop; at += 1) {
      const differing = (words[at] ?? 0) ^ 0x0a0a0a0a;
      // Leaves the high bit of exactly those bytes that do not differ (Hacker's Delight, 6-1).
      sums = (sums + (~(((differing & LOW_BITS) + LOW_BITS) | differing | LOW_BITS) >>> 7)) | 0;
    }
    count += (sums & 255) + ((sums >>> 8) & 255) + ((sums >>> 16) & 255) + (sums >>> 24);
  }
  return count + countOneByOne(bytes, aligned + words.length * 4, to);
}

function countOneByOne(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at += 1) if (bytes[at] === LINE_FEED) count += 1;
  return count;
}
