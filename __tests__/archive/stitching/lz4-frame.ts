const MAGIC = 0x184d2204;
const BLOCK_BYTES = 64 * 1024;
const UNCOMPRESSED = 0x8000_0000;

/** What a frame of LZ4 may have beside its blocks. */
export interface Lz4Options {
  readonly blockChecksums?: boolean;
  readonly contentChecksum?: boolean;
  readonly contentSize?: boolean;
  readonly dictionary?: boolean;
}

/** A frame of LZ4 whose blocks are not compressed, without true checksums (lz4_Frame_format.md). */
export function lz4Frame(bytes: Buffer, options: Lz4Options = {}): Buffer {
  const {
    blockChecksums = false,
    contentChecksum = false,
    contentSize = false,
    dictionary = false,
  } = options;
  const flags =
    0x40 |
    (blockChecksums ? 16 : 0) |
    (contentSize ? 8 : 0) |
    (contentChecksum ? 4 : 0) |
    (dictionary ? 1 : 0);
  const parts = [uint32(MAGIC), Buffer.of(flags, 0x40)];
  parts.push(Buffer.alloc((contentSize ? 8 : 0) + (dictionary ? 4 : 0)), Buffer.of(0));
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    parts.push(uint32(UNCOMPRESSED + block.length), block, Buffer.alloc(blockChecksums ? 4 : 0));
  }
  parts.push(uint32(0), Buffer.alloc(contentChecksum ? 4 : 0));
  return Buffer.concat(parts);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
