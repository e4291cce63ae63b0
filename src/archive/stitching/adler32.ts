const MODULUS = 65_521;
/** So many bytes can be added before a sum exceeds 31 bits, above which the engine computes more slowly. */
const BATCH = 3_800;

/** The checksum at the end of a zlib stream (RFC 1950), which Node.js does not offer. */
export class Adler32 {
  #low = 1;
  #high = 0;

  update(bytes: Buffer): void {
    let [low, high] = [this.#low, this.#high];
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(at + BATCH, bytes.length);
      for (; at < end; at += 1) {
        low += bytes[at] ?? 0;
        high += low;
      }
      low %= MODULUS;
      high %= MODULUS;
    }
    [this.#low, this.#high] = [low, high];
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt16BE(this.#high, 0);
    bytes.writeUInt16BE(this.#low, 2);
    return bytes;
  }
}
