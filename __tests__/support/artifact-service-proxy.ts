import { type IncomingMessage, type ServerResponse, request as httpRequest } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * What happens to a body on its way: one bit flips; or, to an answer only, half of it is followed by a reset, by
 * nothing more, or by an end as if that were all.
 */
export type Damage = 'corrupt' | 'reset' | 'stall' | 'truncate';

/**
 * Passes a request on to another server and its answer back, without looking at either.
 *
 * @param damage is done to the request's body when it is a PUT, to the answer's when it is a GET.
 */
export async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  origin: string,
  damage: Damage | undefined,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const upstream = httpRequest(origin + url, {
    method,
    headers: { ...request.headers, host: new URL(origin).host },
    // A connection of its own: Azurite closes idle ones after five seconds, which would look like a fault.
    agent: false,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    upstream.once('response', resolve).once('error', reject);
  });
  const sent = pipeline([
    request,
    ...(damage === 'corrupt' && method === 'PUT' ? [flipOneBit()] : []),
    upstream,
  ]);
  const [answer] = await Promise.all([answered, sent]);
  const half = Math.floor(Number(answer.headers['content-length'] ?? 0) / 2);
  if (damage === 'truncate') delete answer.headers['content-length'];
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  if (method === 'GET' && damage !== undefined && damage !== 'corrupt') {
    await passOnHalf(answer, response, half, damage);
    return;
  }
  await pipeline([answer, ...(damage === 'corrupt' && method === 'GET' ? [flipOneBit()] : []), response]);
}

/** The first half of a body, and what happens to the rest. */
async function passOnHalf(
  answer: IncomingMessage,
  response: ServerResponse,
  half: number,
  damage: Exclude<Damage, 'corrupt'>,
): Promise<void> {
  let left = half;
  for await (const chunk of answer) {
    if (!Buffer.isBuffer(chunk)) continue;
    const part = chunk.subarray(0, left);
    left -= part.length;
    // What was written has reached the socket before the connection is reset, else the client would see none of it.
    await new Promise((resolve) => response.write(part, resolve));
    if (left === 0) break;
  }
  if (damage === 'reset') response.socket?.resetAndDestroy();
  if (damage === 'truncate') response.end();
}

/** Damages a stream without changing its length. */
function flipOneBit(): Transform {
  let done = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      if (done || chunk.length === 0) {
        callback(null, chunk);
        return;
      }
      done = true;
      const damaged = Buffer.from(chunk);
      damaged.writeUInt8(damaged.readUInt8(0) ^ 1, 0);
      callback(null, damaged);
    },
  });
}
