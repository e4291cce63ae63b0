/** One way in which the bytes of a file change on a disk or on their way. */
export interface Damage {
  /** `bit`: one is flipped; `zeros`: a block of 512 bytes is lost; `cut`: the file ends there. */
  readonly kind: 'bit' | 'zeros' | 'cut';
  /** The first byte that is not as it was. */
  readonly at: number;
  /** The bit that is flipped, from 0 to 7. */
  readonly bit: number;
}

const BLOCK = 512;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A damage somewhere in the first `size` bytes of a file: in half of all cases a bit, else a block or a cut. */
export function randomDamage(random: () => number, size: number): Damage {
  const draw = random();
  const kind = draw < 0.5 ? 'bit' : draw < 0.8 ? 'zeros' : 'cut';
  const place = Math.floor(random() * size);
  return { kind, at: kind === 'zeros' ? place - (place % BLOCK) : place, bit: Math.floor(random() * 8) };
}

/** The file after the damage; undefined when it is as it was, because what was lost were zeros. */
export function damaged(file: Buffer, { kind, at, bit }: Damage): Buffer | undefined {
  if (kind === 'cut') return file.subarray(0, at);
  const copy = Buffer.from(file);
  if (kind === 'bit') copy.writeUInt8(copy.readUInt8(at) ^ (1 << bit), at);
  else copy.fill(0, at, Math.min(at + BLOCK, copy.length));
  return copy.equals(file) ? undefined : copy;
}
