/** Compares bytes with those that are expected. Both come in pieces of any size. */
export class ExpectedBytes {
  #pieces: Buffer[] = [];

  /** @param piece is kept as it is until it was compared: nothing may change it. */
  add(piece: Buffer): void {
    this.#pieces.push(piece);
  }

  /** @throws Error unless these are the next bytes that are expected. */
  take(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      const piece = this.#pieces.shift() ?? differs();
      const common = Math.min(piece.length, rest.length);
      if (!piece.subarray(0, common).equals(rest.subarray(0, common))) differs();
      if (common < piece.length) this.#pieces.unshift(piece.subarray(common));
      rest = rest.subarray(common);
    }
  }

  /** @throws Error when more bytes are expected. */
  end(): void {
    if (this.#pieces.some(({ length }) => length > 0)) differs();
  }
}

function differs(): never {
  throw new Error('its content differs');
}
