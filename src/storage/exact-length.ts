import { UnexpectedResponse } from '../github/json.ts';

/** The content has another length than was recorded. */
export class WrongLength extends Error {}

/**
 * Passes chunks on, and fails when they are not as many bytes as they must be.
 *
 * @throws WrongLength, before the chunk that is too much; UnexpectedResponse, at the end.
 */
export async function* exactLength(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const chunk of chunks) {
    received += chunk.length;
    if (received > size) throw new WrongLength(`it is longer than the ${size} bytes that were recorded`);
    yield chunk;
  }
  if (received < size) throw new UnexpectedResponse(`it ended after ${received} of ${size} bytes`);
}
